#include "eval/formats.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include <cmath>
#include <filesystem>
#include <map>

#include "eval/text_file.h"
#include "strategy/instruction.h"

#include <reckon/error.h>
#include <reckon/options.h>

namespace reckon {
namespace {

namespace json = boost::json;

// What is wrong with one line; becomes a LineError.
struct BadLine {
  std::string message;
};

std::string trim(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == std::string_view::npos ? "" : std::string(text.substr(first, last - first + 1));
}

const json::value* find(const json::object& row, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const json::value* value = row.if_contains(name)) return value;
  return nullptr;
}

std::string show_number(double number) {
  if (number == std::floor(number) && std::fabs(number) < 1e15) return fmt::format("{:.0f}", number);
  return fmt::format("{}", number);
}

// A string, or a number as a person would write it (27.0 is 27).
std::string text_of(const json::value& value, const char* name) {
  if (const auto* string = value.if_string()) return std::string(*string);
  if (const auto* number = value.if_double()) return show_number(*number);
  if (value.is_int64() || value.is_uint64() || value.is_bool()) return json::serialize(value);
  throw BadLine{fmt::format("\"{}\" must be a string or a number", name)};
}

std::string text(const json::object& row, std::initializer_list<const char*> names) {
  const json::value* value = find(row, names);
  if (value == nullptr) throw BadLine{fmt::format("\"{}\" is missing", *names.begin())};
  return text_of(*value, *names.begin());
}

std::string text_or(const json::object& row, std::initializer_list<const char*> names, std::string otherwise) {
  const json::value* value = find(row, names);
  return value == nullptr || value->is_null() ? std::move(otherwise) : text_of(*value, *names.begin());
}

std::vector<std::string> texts(const json::object& row, const char* name) {
  std::vector<std::string> out;
  const json::value* value = row.if_contains(name);
  if (value == nullptr) return out;
  if (!value->is_array()) throw BadLine{fmt::format("\"{}\" must be a list", name)};
  for (const json::value& entry : value->get_array()) out.push_back(text_of(entry, name));
  return out;
}

std::string letter(size_t index) { return std::string(1, static_cast<char>('A' + index)); }

Question ask(TaskKind task, const std::string& text, std::string reference, std::vector<std::string> choices = {}) {
  if (choices.size() > 26) throw BadLine{"there are more than 26 options"};
  Question question{.task = task, .messages = instruct(task, text, choices), .reference = std::move(reference)};
  question.choices = std::move(choices);
  return question;
}

void check_letter(const std::string& reference, size_t choices) {
  if (reference.size() != 1 || reference[0] < 'A' || static_cast<size_t>(reference[0] - 'A') >= choices)
    throw BadLine{fmt::format("the answer {} is not the letter of one of the {} options", reference, choices)};
}

Question gsm8k(const json::object& row) {
  std::string answer = text(row, {"answer"});
  size_t at = answer.rfind("####");
  if (at == std::string::npos) throw BadLine{"\"answer\" has no number after ####"};
  std::string gold = trim(std::string_view(answer).substr(at + 4));
  std::erase(gold, ',');
  return ask(TaskKind::math, text(row, {"question"}), gold);
}

Question math(const json::object& row) {
  Question question = ask(TaskKind::math, text(row, {"problem", "question"}), text(row, {"answer"}));
  question.id = text_or(row, {"unique_id", "id"}, "");
  return question;
}

Question aqua(const json::object& row) {
  std::vector<std::string> options = texts(row, "options");
  for (size_t i = 0; i < options.size(); ++i)
    if (options[i].size() > 1 && options[i][0] == letter(i)[0] && options[i][1] == ')')
      options[i] = trim(std::string_view(options[i]).substr(2));
  std::string correct = trim(text(row, {"correct"}));
  check_letter(correct, options.size());
  return ask(TaskKind::choice, text(row, {"question"}), correct, options);
}

Question mmlu(const json::object& row) {
  std::vector<std::string> choices = texts(row, "choices");
  const json::value* answer = row.if_contains("answer");
  if (answer == nullptr || !answer->is_int64() || answer->get_int64() < 0 ||
      answer->get_int64() >= static_cast<int64_t>(choices.size()))
    throw BadLine{"\"answer\" must be the index of one of the choices, from 0"};
  return ask(TaskKind::choice, text(row, {"question"}), letter(static_cast<size_t>(answer->get_int64())), choices);
}

// "...\nOptions:\n(A) one\n(B) two" taken apart; nothing when the options are not of this form.
std::optional<std::pair<std::string, std::vector<std::string>>> split_options(const std::string& input) {
  size_t at = input.find("\nOptions:\n(A)");
  if (at == std::string::npos) return std::nullopt;
  std::vector<std::string> options;
  size_t from = at + std::string_view("\nOptions:\n").size();
  while (from < input.size()) {
    size_t end = std::min(input.find('\n', from), input.size());
    std::string line = input.substr(from, end - from), mark = "(" + letter(options.size()) + ")";
    if (!line.starts_with(mark)) return std::nullopt;
    options.push_back(trim(line.substr(mark.size())));
    from = end + 1;
  }
  return std::pair{input.substr(0, at), options};
}

Question bbh(const json::object& row) {
  std::string input = text(row, {"input"}), target = trim(text(row, {"target"}));
  if (auto parts = split_options(input); parts && target.size() == 3 && target[0] == '(' && target[2] == ')') {
    std::string correct = target.substr(1, 1);
    check_letter(correct, parts->second.size());
    return ask(TaskKind::choice, parts->first, correct, parts->second);
  }
  bool number = !target.empty() && target.find_first_not_of("-0123456789") == std::string::npos;
  return ask(number ? TaskKind::math : TaskKind::text, input, target);
}

Question code(const std::string& asked, CodeTests tests, std::string reference) {
  Question question = ask(TaskKind::code, asked, std::move(reference));
  question.code = std::move(tests);
  return question;
}

// The head of the function without its docstring: bodies come with an indentation of their own.
std::string head_of(const std::string& definition) {
  size_t doc = std::min(definition.find("\"\"\""), definition.find("'''"));
  size_t line = doc == std::string::npos ? std::string::npos : definition.rfind('\n', doc);
  return line == std::string::npos ? definition : definition.substr(0, line + 1);
}

// The modules that tests use but do not import: the packaged MBPP lost its imports.
std::string missing_imports(const std::string& tests) {
  std::string imports;
  for (std::string module : {"cmath", "math", "re", "sys"})
    if (tests.find(module + ".") != std::string::npos && tests.find("import " + module) == std::string::npos)
      imports += "import " + module + "\n";
  return imports;
}

Question humaneval(const json::object& row) {
  std::string prompt = text(row, {"prompt"});
  CodeTests tests;
  tests.entry_point = trim(text(row, {"entry_point"}));
  size_t at = ("\n" + prompt).rfind("\ndef " + tests.entry_point);
  if (at == std::string::npos) throw BadLine{fmt::format("\"prompt\" does not define {}", tests.entry_point)};
  tests.setup = prompt.substr(0, at);
  tests.signature = head_of(prompt.substr(at));
  tests.tests = text(row, {"test"});
  constexpr std::string_view kCheck = "def check(candidate)";  // some MBPP solutions are named check
  if (size_t check = tests.tests.find(kCheck); check != std::string::npos)
    tests.tests.replace(check, kCheck.size(), "def run_tests(candidate)");
  else throw BadLine{"\"test\" has no function check(candidate)"};
  tests.tests = fmt::format("{}{}\nrun_tests({})\n", missing_imports(tests.tests), tests.tests, tests.entry_point);
  std::string solution = tests.setup + tests.signature + text_or(row, {"canonical_solution"}, "");
  Question question =
      code("Complete this Python function:\n\n```python\n" + prompt + "```", std::move(tests), std::move(solution));
  question.id = text_or(row, {"task_id"}, "");
  return question;
}

// The function that the tests of an original MBPP line call: defined by its solution, called first.
std::string called_function(const std::string& solution, const std::string& tests) {
  std::string best;
  size_t first = std::string::npos;
  for (size_t at = solution.find("def "); at != std::string::npos; at = solution.find("def ", at + 1)) {
    size_t end = solution.find_first_of("( :\n", at + 4);
    if (end == std::string::npos) break;
    std::string name = solution.substr(at + 4, end - at - 4);
    size_t call = tests.find(name + "(");
    if (call < first) first = call, best = name;
  }
  return best;
}

Question mbpp(const json::object& row) {
  if (row.contains("entry_point")) return humaneval(row);
  std::vector<std::string> list = texts(row, "test_list");
  if (list.empty()) throw BadLine{"\"test_list\" is missing or empty"};
  CodeTests tests;
  for (const std::string& line : texts(row, "test_imports")) tests.tests += line + "\n";
  for (const std::string& line : list) tests.tests += line + "\n";
  std::string solution = text_or(row, {"code"}, "");
  tests.entry_point = called_function(solution, tests.tests);
  Question question =
      code(text(row, {"prompt", "text"}) + "\n\nIt must pass tests such as:\n\n```python\n" + list[0] + "\n```",
           std::move(tests), solution);
  question.id = text_or(row, {"task_id"}, "");
  return question;
}

CodeTests own_tests(const json::object& row) {
  CodeTests tests;
  tests.language = text_or(row, {"language"}, "python");
  tests.entry_point = text_or(row, {"entry_point"}, "");
  tests.setup = text_or(row, {"setup"}, "");
  tests.signature = text_or(row, {"signature"}, "");
  tests.tests = text_or(row, {"tests"}, "");
  tests.command = text_or(row, {"command"}, "");
  if (const json::value* examples = row.if_contains("examples")) {
    if (!examples->is_array()) throw BadLine{"\"examples\" must be a list of {\"input\", \"output\"}"};
    for (const json::value& entry : examples->get_array()) {
      if (!entry.is_object()) throw BadLine{"\"examples\" must be a list of {\"input\", \"output\"}"};
      tests.examples.push_back({text(entry.get_object(), {"input"}), text(entry.get_object(), {"output"})});
    }
  }
  if (tests.tests.empty() && tests.command.empty() && tests.examples.empty())
    throw BadLine{"a code question needs \"tests\", \"examples\" or \"command\""};
  return tests;
}

Check own_check(const json::value& value) {
  const json::object* row = value.if_object();
  const auto has = [&](const char* key) { return row != nullptr && row->contains(key) ? 1 : 0; };
  const bool tests = has("tests") || has("examples") || has("command");
  if (has("condition") + has("schema") + (tests ? 1 : 0) != 1)
    throw BadLine{"\"check\" must be an object with one of \"condition\", \"schema\" and tests"};
  Check check;
  if (has("condition")) check.condition = text(*row, {"condition"});
  if (const json::value* schema = row->if_contains("schema"))
    check.schema = schema->is_string() ? text_of(*schema, "schema") : json::serialize(*schema);
  if (tests) check.tests = own_tests(*row);
  return check;
}

std::vector<Message> own_messages(const json::value& value) {
  std::vector<Message> messages;
  if (!value.is_array() || value.get_array().empty())
    throw BadLine{"\"messages\" must be a list of {\"role\", \"content\"}"};
  for (const json::value& entry : value.get_array()) {
    if (!entry.is_object()) throw BadLine{"\"messages\" must be a list of {\"role\", \"content\"}"};
    messages.push_back({text(entry.get_object(), {"role"}), text(entry.get_object(), {"content"})});
  }
  return messages;
}

Question own(const json::object& row) {
  std::vector<std::string> choices = texts(row, "choices");
  std::string named = text_or(row, {"task"}, choices.empty() ? "math" : "choice");
  std::optional<TaskKind> task = parse_task_kind(named);
  if (!task) throw BadLine{fmt::format("\"task\" {} is unknown: math, choice, text, json or code", named)};
  Question question;
  if (const json::value* messages = row.if_contains("messages")) {
    question.task = *task;
    question.messages = own_messages(*messages);
    question.choices = choices;
  } else {
    question = ask(*task, text(row, {"question", "problem", "prompt"}), "", choices);
  }
  question.reference = std::nullopt;
  if (const json::value* reference = find(row, {"reference", "answer"}); reference != nullptr && !reference->is_null())
    question.reference = *task == TaskKind::json && !reference->is_string() ? json::serialize(*reference)
                                                                            : text_of(*reference, "answer");
  question.id = text_or(row, {"id"}, "");
  if (*task == TaskKind::code) question.code = own_tests(row);
  if (const json::value* check = row.if_contains("check")) question.check = own_check(*check);
  return question;
}

using Reader = Question (*)(const json::object&);
const std::map<std::string, Reader>& readers() {
  static const std::map<std::string, Reader> all = {{"gsm8k", gsm8k},         {"math500", math}, {"aime", math},
                                                    {"aqua", aqua},           {"mmlu", mmlu},    {"bbh", bbh},
                                                    {"humaneval", humaneval}, {"mbpp", mbpp},    {"jsonl", own}};
  return all;
}

std::string guess(const json::object& row) {
  auto has = [&](const char* name) { return row.contains(name); };
  if (has("task")) return "jsonl";
  if (has("test_list")) return "mbpp";
  if (has("entry_point") && has("test")) {
    const auto* id = row.contains("task_id") ? row.at("task_id").if_string() : nullptr;
    return id != nullptr && id->starts_with("Mbpp") ? "mbpp" : "humaneval";
  }
  if (has("options") && has("correct")) return "aqua";
  if (has("choices") && has("answer") && row.at("answer").is_int64() && has("type")) return "mmlu";
  if (has("unique_id") && has("problem")) return "math500";
  if (has("problem") && has("answer")) return "aime";
  const auto* answer = has("answer") ? row.at("answer").if_string() : nullptr;
  return has("question") && answer != nullptr && answer->find("####") != json::string::npos ? "gsm8k" : "jsonl";
}

class Collector {
 public:
  Collector(std::string format, std::string prefix) : prefix_(std::move(prefix)) { file_.format = std::move(format); }

  void row(const json::value& value, int line) {
    try {
      if (!value.is_object()) throw BadLine{"it is not a JSON object"};
      if (file_.format == "auto") file_.format = guess(value.get_object());
      Question question = readers().at(file_.format)(value.get_object());
      if (question.id.empty()) question.id = fmt::format("{}{}", prefix_, line);
      if (auto [at, fresh] = ids_.emplace(question.id, line); !fresh)
        throw BadLine{fmt::format("its id {} is that of line {}", question.id, at->second)};
      file_.questions.push_back(std::move(question));
    } catch (const BadLine& bad) {
      file_.errors.push_back({line, bad.message});
    }
  }
  void bad(int line, std::string message) { file_.errors.push_back({line, std::move(message)}); }
  QuestionFile take() { return std::move(file_); }

 private:
  std::string prefix_;
  QuestionFile file_;
  std::map<std::string, int> ids_;
};

const json::array* examples_of(const json::value& document) {
  const auto* object = document.if_object();
  const auto* examples = object == nullptr ? nullptr : object->if_contains("examples");
  return examples == nullptr ? nullptr : examples->if_array();
}

}  // namespace

QuestionFile parse_questions(std::string_view text, const std::string& format, const std::string& id_prefix) {
  if (format != "auto" && !readers().contains(format)) {
    std::vector<std::string> names = {"auto"};
    for (const auto& [name, reader] : readers()) names.push_back(name);
    throw Error(Code::invalid_request, fmt::format("--format {} is unknown{}: use one of {}", format,
                                                   suggestion(format, names), fmt::join(names, ", ")));
  }
  if (format == "bbh" || format == "auto") {
    boost::system::error_code error;
    json::value document = json::parse(text, error);
    const json::array* examples = error ? nullptr : examples_of(document);
    if (examples == nullptr && format == "bbh")
      throw Error(Code::invalid_request, "a BBH file is one JSON object with a list named examples");
    if (examples != nullptr && !document.get_object().contains("task")) {
      Collector collector("bbh", id_prefix);
      for (size_t i = 0; i < examples->size(); ++i) collector.row((*examples)[i], static_cast<int>(i) + 1);
      return collector.take();
    }
  }
  Collector collector(format, id_prefix);
  int number = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (trim(line).empty()) continue;
    boost::system::error_code error;
    json::value value = json::parse(line, error);
    if (error) collector.bad(number, fmt::format("it is not JSON ({})", error.message()));
    else collector.row(value, number);
  }
  return collector.take();
}

QuestionFile read_questions(const std::string& path, const std::string& format) {
  std::string stem = std::filesystem::path(path).filename().string();
  stem = stem.substr(0, stem.find('.'));
  return parse_questions(read_text_file(path), format, stem + "-");
}

}  // namespace reckon
