#include <reckon/options.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include <reckon/error.h>

namespace reckon {
namespace {

size_t distance(std::string_view a, std::string_view b) {  // Levenshtein
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

template <class T>
T number(std::string_view owner, std::string_view name, std::string_view value, double low, double high,
         const char* kind) {
  T out{};
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc{} || end != value.data() + value.size() || !std::isfinite(static_cast<double>(out)))
    throw Error(Code::invalid_request, fmt::format("{}: {}={} is not {}", owner, name, value, kind));
  if (low < high && (static_cast<double>(out) < low || static_cast<double>(out) > high))
    throw Error(Code::invalid_request, fmt::format("{}: {}={} is outside {}..{}", owner, name, value, low, high));
  return out;
}

}  // namespace

Spec parse_spec(std::string_view text) {
  Spec spec;
  size_t colon = text.find(':');
  spec.name = text.substr(0, colon);
  if (spec.name.empty()) throw Error(Code::invalid_request, fmt::format("'{}' has no name before the colon", text));
  if (colon == std::string_view::npos) return spec;
  for (std::string_view rest = text.substr(colon + 1); !rest.empty();) {
    size_t comma = rest.find(',');
    std::string_view part = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
      throw Error(Code::invalid_request, fmt::format("in '{}', '{}' is not of the form key=value", text, part));
    if (!spec.values.emplace(part.substr(0, equals), part.substr(equals + 1)).second)
      throw Error(Code::invalid_request, fmt::format("in '{}', {} is given twice", text, part.substr(0, equals)));
  }
  return spec;
}

std::string suggestion(std::string_view given, const std::vector<std::string>& names) {
  const std::string* best = nullptr;
  size_t least = std::max<size_t>(2, given.size() / 3) + 1;
  for (const std::string& name : names)
    if (size_t d = distance(given, name); d < least) least = d, best = &name;
  return best ? fmt::format(" (did you mean {}?)", *best) : "";
}

namespace detail {

void assign(std::string_view owner, std::string_view name, std::string_view value, double low, double high, int& out) {
  out = number<int>(owner, name, value, low, high, "a whole number");
}
void assign(std::string_view owner, std::string_view name, std::string_view value, double low, double high,
            double& out) {
  out = number<double>(owner, name, value, low, high, "a number");
}
void assign(std::string_view owner, std::string_view name, std::string_view value, double, double, bool& out) {
  if (value != "true" && value != "false")
    throw Error(Code::invalid_request, fmt::format("{}: {}={} is neither true nor false", owner, name, value));
  out = value == "true";
}
void assign(std::string_view, std::string_view, std::string_view value, double, double, std::string& out) {
  out = value;
}

void unknown_option(std::string_view owner, std::string_view name, const std::vector<std::string>& known) {
  throw Error(Code::invalid_request,
              fmt::format("{} has no option '{}'{}; it has: {}", owner, name, suggestion(name, known),
                          known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
}

std::string show(int value) { return fmt::format("{}", value); }
std::string show(double value) { return fmt::format("{}", value); }
std::string show(bool value) { return value ? "true" : "false"; }
std::string show(const std::string& value) { return value; }

}  // namespace detail
}  // namespace reckon
