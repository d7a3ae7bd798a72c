#include "verify/json_answer.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

namespace reckon {
namespace {

namespace json = boost::json;

// Parsing one value costs its length; many unfinished beginnings in one text may cost this many times its length.
constexpr size_t kScanFactor = 8, kScanStart = 64;

json::parse_options limits() {
  json::parse_options options;
  options.max_depth = kJsonDepth;
  return options;
}

struct Scan {
  enum class End { complete, broken, unfinished } end;
  size_t length;  // of the value, or what was read of it
};

// Accepts any events: only whether the text is JSON matters.
struct Ignore {
  static constexpr size_t max_object_size = SIZE_MAX, max_array_size = SIZE_MAX, max_key_size = SIZE_MAX,
                          max_string_size = SIZE_MAX;
  using Error = json::error_code;
  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(size_t, Error&) { return true; }
  bool on_object_begin(Error&) { return true; }
  bool on_object_end(size_t, Error&) { return true; }
  bool on_string_part(json::string_view, size_t, Error&) { return true; }
  bool on_string(json::string_view, size_t, Error&) { return true; }
  bool on_key_part(json::string_view, size_t, Error&) { return true; }
  bool on_key(json::string_view, size_t, Error&) { return true; }
  bool on_number_part(json::string_view, Error&) { return true; }
  bool on_int64(int64_t, json::string_view, Error&) { return true; }
  bool on_uint64(uint64_t, json::string_view, Error&) { return true; }
  bool on_double(double, json::string_view, Error&) { return true; }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }
};

// One value at the start of the text, whatever follows it.
Scan scan_value(std::string_view text) {
  json::basic_parser<Ignore> parser(limits());
  json::error_code error;
  std::string_view part = text.substr(0, kJsonBytes);
  size_t used = parser.write_some(true, part.data(), part.size(), error);
  if (!error && parser.done()) return {Scan::End::complete, used};
  if (error || part.size() < text.size()) return {Scan::End::broken, used};
  return {Scan::End::unfinished, used};
}

bool is_value(std::string_view text) {
  if (text.empty() || text.size() > kJsonBytes) return false;
  json::basic_parser<Ignore> parser(limits());
  json::error_code error;
  size_t used = parser.write_some(false, text.data(), text.size(), error);
  return !error && used == text.size() && parser.done();
}

TextSpan trimmed(std::string_view text, TextSpan span) {
  constexpr std::string_view kSpace = " \t\r\n";
  while (span.begin < span.end && kSpace.find(text[span.begin]) != std::string_view::npos) ++span.begin;
  while (span.end > span.begin && kSpace.find(text[span.end - 1]) != std::string_view::npos) --span.end;
  return span;
}

std::string_view piece(std::string_view text, TextSpan span) { return text.substr(span.begin, span.end - span.begin); }

std::optional<TextSpan> last_block(std::string_view text, size_t from) {
  std::optional<TextSpan> found;
  while (true) {
    size_t open = text.find("```", from);
    size_t line = open == std::string_view::npos ? open : text.find('\n', open);
    size_t close = line == std::string_view::npos ? line : text.find("```", line);
    if (close == std::string_view::npos) return found;
    std::string_view tag = piece(text, trimmed(text, {open + 3, line}));
    TextSpan body = trimmed(text, {line, close});
    if ((tag.empty() || tag == "json" || tag == "JSON" || tag == "jsonc" || tag == "json5") &&
        is_value(piece(text, body)))
      found = body;
    from = close + 3;
  }
}

std::optional<TextSpan> last_bare(std::string_view text, size_t from, bool cut) {
  std::optional<TextSpan> object, array;
  size_t budget = kScanFactor * (text.size() - from) + kJsonBytes;
  bool unfinished = false;
  while (true) {
    size_t at = text.find_first_of("{[", from);
    if (at == std::string_view::npos) break;
    Scan scan = scan_value(text.substr(at));
    if (scan.length + kScanStart >= budget) return std::nullopt;
    budget -= scan.length + kScanStart;
    from = at + 1;
    if (scan.end == Scan::End::unfinished) unfinished = true;
    if (scan.end != Scan::End::complete) continue;
    from = at + scan.length;
    unfinished = false;
    (text[at] == '{' ? object : array) = trimmed(text, {at, from});
  }
  if (cut && unfinished) return std::nullopt;
  return object ? object : array;
}

// A parsed value with its numbers as they were written.
struct Node {
  enum class Kind { scalar, array, object } kind = Kind::scalar;
  std::string scalar;  // already canonical
  std::vector<Node> items;
  std::map<std::string, Node> members;
};

// Digits without leading or trailing zeros, and the power of ten of the first one: exact for any length.
std::string canonical_number(std::string_view text) {
  bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  size_t mark = std::min(text.find_first_of("eE"), text.size());
  std::string_view exponent_text = text.substr(std::min(mark + 1, text.size()));
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  int64_t exponent = 0;
  if (!exponent_text.empty() && std::from_chars(exponent_text.begin(), exponent_text.end(), exponent).ec != std::errc())
    exponent = exponent_text.starts_with('-') ? INT32_MIN : INT32_MAX;
  exponent = std::clamp<int64_t>(exponent, INT32_MIN, INT32_MAX);
  std::string digits;
  size_t point = std::min(text.find('.'), mark);
  digits.append(text.substr(0, point));
  if (point < mark) digits.append(text.substr(point + 1, mark - point - 1));
  exponent += static_cast<int64_t>(point);
  size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  digits.erase(0, zeros);
  exponent -= static_cast<int64_t>(zeros);
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.empty()) return "0";
  std::string sign = negative ? "-" : "";
  auto count = static_cast<int64_t>(digits.size());  // value = 0.digits times ten to the exponent
  if (exponent >= count && exponent <= 21)
    return sign + digits + std::string(static_cast<size_t>(exponent - count), '0');
  if (exponent > 0 && exponent < count)
    return sign + digits.substr(0, static_cast<size_t>(exponent)) + "." + digits.substr(static_cast<size_t>(exponent));
  if (exponent <= 0 && exponent > -6) return sign + "0." + std::string(static_cast<size_t>(-exponent), '0') + digits;
  return fmt::format("{}{}{}{}e{}", sign, digits[0], count > 1 ? "." : "", digits.substr(1), exponent - 1);
}

class Build : public Ignore {
 public:
  bool on_array_begin(Error&) { return open(Node::Kind::array); }
  bool on_array_end(size_t, Error&) { return close(); }
  bool on_object_begin(Error&) { return open(Node::Kind::object); }
  bool on_object_end(size_t, Error&) { return close(); }
  bool on_string_part(json::string_view part, size_t, Error&) { return gather(part); }
  bool on_string(json::string_view part, size_t, Error&) {
    gather(part);
    return add({.scalar = json::serialize(json::string(std::exchange(text_, {})))});
  }
  bool on_key_part(json::string_view part, size_t, Error&) { return gather(part); }
  bool on_key(json::string_view part, size_t, Error&) {
    gather(part);
    keys_.back() = std::exchange(text_, {});
    return true;
  }
  bool on_number_part(json::string_view part, Error&) { return gather(part); }
  bool on_int64(int64_t, json::string_view part, Error&) { return number(part); }
  bool on_uint64(uint64_t, json::string_view part, Error&) { return number(part); }
  bool on_double(double, json::string_view part, Error&) { return number(part); }
  bool on_bool(bool value, Error&) { return add({.scalar = value ? "true" : "false"}); }
  bool on_null(Error&) { return add({.scalar = "null"}); }
  Node take() { return std::move(root_); }

 private:
  bool gather(json::string_view part) { return text_.append(part.data(), part.size()), true; }
  bool number(json::string_view part) {
    gather(part);
    return add({.scalar = canonical_number(std::exchange(text_, {}))});
  }
  bool open(Node::Kind kind) {
    open_.push_back({.kind = kind});
    keys_.emplace_back();
    return true;
  }
  bool close() {
    Node node = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return add(std::move(node));
  }
  bool add(Node node) {
    if (open_.empty()) root_ = std::move(node);
    else if (open_.back().kind == Node::Kind::array) open_.back().items.push_back(std::move(node));
    else open_.back().members[keys_.back()] = std::move(node);
    return true;
  }

  std::string text_;  // parts of the present string or number
  std::vector<Node> open_;
  std::vector<std::string> keys_;
  Node root_;
};

void write(const Node& node, std::string& out) {
  if (node.kind == Node::Kind::scalar) out += node.scalar;
  if (node.kind == Node::Kind::array) {
    out += '[';
    for (const Node& item : node.items) {
      if (&item != &node.items.front()) out += ',';
      write(item, out);
    }
    out += ']';
  }
  if (node.kind == Node::Kind::object) {
    out += '{';
    for (bool first = true; const auto& [key, member] : node.members) {
      if (!std::exchange(first, false)) out += ',';
      out += json::serialize(json::string(key)) + ":";
      write(member, out);
    }
    out += '}';
  }
}

}  // namespace

std::optional<TextSpan> find_json(std::string_view text, bool cut) {
  constexpr std::string_view kOpen = "<think>", kClose = "</think>";
  size_t from = text.rfind(kClose);
  from = from == std::string_view::npos ? 0 : from + kClose.size();
  if (size_t open = text.rfind(kOpen); open != std::string_view::npos && open >= from) return std::nullopt;
  TextSpan whole = trimmed(text, {from, text.size()});
  if (is_value(piece(text, whole)) &&
      !(cut && std::string_view("0123456789").find(text[whole.end - 1]) != std::string_view::npos))
    return whole;
  if (auto block = last_block(text, from); block && !cut) return block;
  return last_bare(text, from, cut);
}

std::optional<std::string> canonical_json(std::string_view text) {
  std::string_view value = piece(text, trimmed(text, {0, text.size()}));
  if (!is_value(value)) return std::nullopt;
  json::basic_parser<Build> parser(limits());
  json::error_code error;
  parser.write_some(false, value.data(), value.size(), error);
  if (error) return std::nullopt;
  std::string out;
  write(parser.handler().take(), out);
  return out;
}

}  // namespace reckon
