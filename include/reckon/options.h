#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace reckon {

// Options are declared once, in the struct that holds them; parsing with range and unknown-name errors, help texts and
// docs all come from this table:
//
//   struct Options {
//     int samples = 16;
//     static constexpr auto fields() {
//       return std::tuple{field("samples", &Options::samples, 1, 1024, "How many answers to draw.")};
//     }
//   };
template <class S, class T>
struct Field {
  const char* name;
  T S::* member;
  double low, high;  // numbers only
  const char* help;
};
template <class S, class T>
constexpr Field<S, T> field(const char* name, T S::* member, double low, double high, const char* help) {
  return {name, member, low, high, help};
}
template <class S, class T>
constexpr Field<S, T> field(const char* name, T S::* member, const char* help) {
  return {name, member, 0, 0, help};
}

struct OptionInfo {
  std::string name, type, standard, help;  // `standard` is the default value
  double low = 0, high = 0;
};

// "name:key=value,key=value" taken apart. Values may not contain commas.
struct Spec {
  std::string name;
  std::map<std::string, std::string> values;
};
Spec parse_spec(std::string_view text);

// The name among `names` that `given` was probably meant to be, as " (did you mean x?)", or "".
std::string suggestion(std::string_view given, const std::vector<std::string>& names);

namespace detail {
// Throw Error{invalid_request} naming the option, its range and what was given.
void assign(std::string_view owner, std::string_view name, std::string_view value, double low, double high, int& out);
void assign(std::string_view owner, std::string_view name, std::string_view value, double low, double high,
            double& out);
void assign(std::string_view owner, std::string_view name, std::string_view value, double low, double high, bool& out);
void assign(std::string_view owner, std::string_view name, std::string_view value, double low, double high,
            std::string& out);
[[noreturn]] void unknown_option(std::string_view owner, std::string_view name, const std::vector<std::string>& known);
std::string show(int value);
std::string show(double value);  // shortest text that reads back as the same number
std::string show(bool value);
std::string show(const std::string& value);
template <class T>
constexpr const char* type_name() {
  if constexpr (std::is_same_v<T, int>) return "integer";
  else if constexpr (std::is_same_v<T, double>) return "number";
  else if constexpr (std::is_same_v<T, bool>) return "true|false";
  else return "text";
}
}  // namespace detail

template <class S>
std::vector<OptionInfo> option_table() {
  std::vector<OptionInfo> table;
  const S standard{};
  std::apply(
      [&](const auto&... f) {
        (table.push_back({f.name, detail::type_name<std::decay_t<decltype(standard.*f.member)>>(),
                          detail::show(standard.*f.member), f.help, f.low, f.high}),
         ...);
      },
      S::fields());
  return table;
}

template <class S>
S parse_options(std::string_view owner, const std::map<std::string, std::string>& values) {
  S options;
  for (const auto& [key, value] : values) {
    bool found = false;
    std::vector<std::string> names;
    std::apply(
        [&](const auto&... f) {
          ((names.push_back(f.name), found = found || key == f.name,
            // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): the fields are literals
            key == f.name ? detail::assign(owner, key, value, f.low, f.high, options.*f.member) : void()),
           ...);
        },
        S::fields());
    if (!found) detail::unknown_option(owner, key, names);
  }
  return options;
}

// "name:key=value,..." with every option, in the order of the table.
template <class S>
std::string options_text(std::string_view name, const S& options) {
  std::string text(name);
  char separator = ':';
  std::apply(
      [&](const auto&... f) {
        ((text += separator, separator = ',', text += f.name, text += '=', text += detail::show(options.*f.member)),
         ...);
      },
      S::fields());
  return text;
}

}  // namespace reckon
