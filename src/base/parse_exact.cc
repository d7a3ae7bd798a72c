#include "base/parse_exact.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <charconv>
#include <string>

namespace reckon {
namespace {

namespace json = boost::json;
using Wrong = boost::system::error_code;

// Builds the value as Boost's own handler does, but for doubles.
struct Handler {
  static constexpr size_t max_object_size = json::object::max_size();
  static constexpr size_t max_array_size = json::array::max_size();
  static constexpr size_t max_key_size = json::string::max_size();
  static constexpr size_t max_string_size = json::string::max_size();

  json::value_stack stack;
  std::string number;  // the parts of the present one

  bool on_document_begin(Wrong&) { return true; }
  bool on_document_end(Wrong&) { return true; }
  bool on_object_begin(Wrong&) { return true; }
  bool on_object_end(size_t n, Wrong&) { return stack.push_object(n), true; }
  bool on_array_begin(Wrong&) { return true; }
  bool on_array_end(size_t n, Wrong&) { return stack.push_array(n), true; }
  bool on_key_part(json::string_view s, size_t, Wrong&) { return stack.push_chars(s), true; }
  bool on_key(json::string_view s, size_t, Wrong&) { return stack.push_key(s), true; }
  bool on_string_part(json::string_view s, size_t, Wrong&) { return stack.push_chars(s), true; }
  bool on_string(json::string_view s, size_t, Wrong&) { return stack.push_string(s), true; }
  bool on_number_part(json::string_view s, Wrong&) { return number.append(s.data(), s.size()), true; }
  bool on_int64(int64_t i, json::string_view, Wrong&) { return number.clear(), stack.push_int64(i), true; }
  bool on_uint64(uint64_t u, json::string_view, Wrong&) { return number.clear(), stack.push_uint64(u), true; }
  bool on_double(double near, json::string_view s, Wrong&) {
    number.append(s.data(), s.size());
    double exact = 0;
    auto read = std::from_chars(number.data(), number.data() + number.size(), exact);
    stack.push_double(read.ec == std::errc() ? exact : near);
    return number.clear(), true;
  }
  bool on_bool(bool b, Wrong&) { return stack.push_bool(b), true; }
  bool on_null(Wrong&) { return stack.push_null(), true; }
  bool on_comment_part(json::string_view, Wrong&) { return true; }
  bool on_comment(json::string_view, Wrong&) { return true; }
};

}  // namespace

json::value parse_exact(std::string_view text, Wrong& wrong) {
  json::basic_parser<Handler> parser(json::parse_options{});
  parser.handler().stack.reset();
  size_t used = parser.write_some(false, text.data(), text.size(), wrong);
  if (!wrong && text.find_first_not_of(" \t\r\n", used) != std::string_view::npos) wrong = json::error::extra_data;
  if (wrong) return nullptr;
  return parser.handler().stack.release();
}

}  // namespace reckon
