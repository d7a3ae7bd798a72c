#include "verify/written_tests.h"

#include <algorithm>

#include "verify/markers.h"
#include "verify/scan.h"

namespace reckon {
namespace {

// Whether all brackets and strings that the line opens are closed in it.
bool whole(std::string_view line) {
  std::string open;
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\') ++i;
      else if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      break;
    } else if (c == '(' || c == '[' || c == '{') {
      open += c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (c == ')' || c == ']' || c == '}') {
      if (open.empty() || open.back() != c) return false;
      open.pop_back();
    }
  }
  return open.empty() && quote == 0 && !line.ends_with('\\');
}

}  // namespace

std::vector<std::string> written_tests(std::string_view text, bool cut) {
  std::vector<std::string> tests;
  std::string_view rest = verify::spoken(text).value_or("");
  while (!rest.empty() && tests.size() < kTestsOfReply) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (cut && end == rest.size()) break;
    const std::string_view line = verify::trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const bool assertion = line.starts_with("assert ") || line.starts_with("assert(");
    if (assertion && whole(line) && std::ranges::find(tests, line) == tests.end()) tests.emplace_back(line);
  }
  return tests;
}

}  // namespace reckon
