#include <boost/json.hpp>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/parse_exact.h"
#include "base/text.h"
#include "eval/recordings.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace json = boost::json;
constexpr std::string_view kSchema = "reckon.recording/";
constexpr int kVersion = 1;

// Writing.

json::value number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}
// The shortest decimal that reads back as the same float.
json::value number(float value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{}", value).c_str(), nullptr);
}

// JSON can hold nothing but UTF-8: a stray byte becomes U+FFFD.
std::string clean(std::string_view text) {
  if (valid_utf8(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    size_t good = 1;
    while (good <= 4 && good <= text.size() && !valid_utf8(text.substr(0, good))) ++good;
    bool whole = good <= 4 && good <= text.size();
    out += whole ? text.substr(0, good) : "\xEF\xBF\xBD";
    text.remove_prefix(whole ? good : 1);
  }
  return out;
}

template <class T>
json::value maybe(const std::optional<T>& value) {
  if (!value) return nullptr;
  if constexpr (std::is_same_v<T, std::string>) return json::value(clean(*value));
  else if constexpr (std::is_same_v<T, double>) return number(*value);
  else return json::value(*value);
}

json::object write_sample(const RecordedSample& sample) {
  json::object o{{"seed", sample.seed},
                 {"text", maybe(sample.text)},
                 {"answer", maybe(sample.answer)},
                 {"correct", maybe(sample.correct)},
                 {"tokens", sample.tokens > 0 ? json::value(sample.tokens) : json::value(nullptr)},
                 {"finish", sample.finish ? json::value(name(*sample.finish)) : json::value(nullptr)}};
  if (const auto& l = sample.logprobs)
    o["logprob_summary"] = {{"sum", number(l->sum)},
                            {"minimum", number(l->minimum)},
                            {"entropy", number(l->entropy)},
                            {"tokens", l->tokens}};
  if (!sample.trace.empty()) {
    json::array& trace = o["trace"].emplace_array();
    for (const TraceWindow& w : sample.trace)
      trace.push_back({w.tokens, number(w.mean_confidence), number(w.min_confidence), number(w.mean_entropy),
                       number(w.repetition)});
  }
  if (sample.answer_logprob) o["answer_logprob"] = number(*sample.answer_logprob);
  if (sample.ms) o["ms"] = number(*sample.ms);
  if (sample.score) o["score"] = number(*sample.score);
  return o;
}

json::object write_run(const RecordedRun& run) {
  json::array cancelled;
  for (const RecordedRun::Cancelled& c : run.cancelled) cancelled.push_back({{"seed", c.seed}, {"tokens", c.tokens}});
  return {{"strategy", run.strategy},
          {"seed", run.seed},
          {"budget", to_string(run.budget)},
          {"stop_reason", run.stop_reason},
          {"answer", maybe(run.answer)},
          {"votes", run.votes},
          {"confidence", number(run.confidence)},
          {"difficulty", maybe(run.difficulty)},
          {"started", run.started},
          {"cancelled", std::move(cancelled)}};
}

json::object write_shape(const Shape& s) {
  return {{"matmul_parameters", number(s.matmul_parameters)},
          {"head_parameters", number(s.head_parameters)},
          {"layers", s.layers},
          {"query_heads", s.query_heads},
          {"head_size", s.head_size}};
}

json::object write_sampling(const Sampling& s) {
  return {{"temperature", number(s.temperature)},
          {"top_k", s.top_k},
          {"top_p", number(s.top_p)},
          {"min_p", number(s.min_p)},
          {"repetition_penalty", number(s.repetition_penalty)}};
}

// Reading. Every complaint names the place: "sample 3: tokens is missing".

[[noreturn]] void refuse(const std::string& what) { throw Error(Code::invalid_request, what); }

class Fields {
 public:
  Fields(const json::value& value, std::string where) : where_(std::move(where)) {
    object_ = value.if_object();
    if (!object_) refuse(where_ + " is not a JSON object");
  }

  const json::value* find(std::string_view key) const {  // null counts as absent
    const json::value* value = object_->if_contains(key);
    return value && !value->is_null() ? value : nullptr;
  }
  const json::value& at(std::string_view key) const {
    const json::value* value = find(key);
    if (!value) refuse(fmt::format("{}: {} is missing", where_, key));
    return *value;
  }
  std::optional<std::string> text(std::string_view key) const {
    const json::value* value = find(key);
    if (!value) return std::nullopt;
    if (!value->is_string()) refuse(fmt::format("{}: {} is not a string", where_, key));
    return std::string(value->as_string());
  }
  std::string text_at(std::string_view key) const { return at(key), *text(key); }
  template <class T>
  std::optional<T> whole(std::string_view key) const {
    const json::value* value = find(key);
    if (!value) return std::nullopt;
    boost::system::error_code wrong;
    T number = value->to_number<T>(wrong);
    if (wrong) refuse(fmt::format("{}: {} is not a whole number in range", where_, key));
    if constexpr (std::is_signed_v<T>)
      if (number < 0) refuse(fmt::format("{}: {} is negative", where_, key));
    return number;
  }
  // A finite number; where `open`, null stands for one that was not.
  std::optional<double> real(std::string_view key, bool open = false) const {
    const json::value* value = object_->if_contains(key);
    if (!value || (value->is_null() && !open)) return std::nullopt;
    if (value->is_null()) return std::numeric_limits<double>::quiet_NaN();
    if (!value->is_number()) refuse(fmt::format("{}: {} is not a number", where_, key));
    return value->to_number<double>();
  }
  std::optional<bool> flag(std::string_view key) const {
    const json::value* value = find(key);
    if (!value) return std::nullopt;
    if (!value->is_bool()) refuse(fmt::format("{}: {} is neither true nor false", where_, key));
    return value->as_bool();
  }
  const json::array* list(std::string_view key) const {
    const json::value* value = find(key);
    if (!value) return nullptr;
    if (!value->is_array()) refuse(fmt::format("{}: {} is not a list", where_, key));
    return &value->as_array();
  }
  const std::string& where() const { return where_; }

 private:
  std::string where_;
  const json::object* object_;
};

LogprobSummary read_logprobs(const Fields& o) {
  return {.sum = o.real("sum", true).value_or(0),
          .minimum = o.real("minimum", true).value_or(0),
          .entropy = o.real("entropy", true).value_or(0),
          .tokens = o.whole<int>("tokens").value_or(0)};
}

TraceWindow read_window(const json::value& value, const std::string& where) {
  const json::array* a = value.if_array();
  if (!a || a->size() != 5 || !a->at(0).is_int64()) refuse(where + ": a trace entry is not a list of five numbers");
  auto real = [&](size_t i) {
    const json::value& v = (*a)[i];
    if (v.is_null()) return std::numeric_limits<float>::quiet_NaN();
    if (!v.is_number()) refuse(where + ": a trace entry is not a list of five numbers");
    return static_cast<float>(v.to_number<double>());
  };
  return {static_cast<int>(a->at(0).as_int64()), real(1), real(2), real(3), real(4)};
}

std::optional<Finish> read_finish(const Fields& o) {
  std::optional<std::string> text = o.text("finish");
  if (!text) return std::nullopt;
  for (Finish f : {Finish::stop, Finish::stop_string, Finish::end_of_thinking, Finish::length, Finish::budget})
    if (name(f) == *text) return f;
  refuse(fmt::format("{}: finish \"{}\" is unknown", o.where(), *text));
}

RecordedSample read_sample(const Fields& o) {
  RecordedSample sample{.seed = o.whole<uint64_t>("seed").value_or(0),
                        .text = o.text("text"),
                        .answer = o.text("answer"),
                        .correct = o.flag("correct"),
                        .tokens = o.whole<int>("tokens").value_or(0),
                        .finish = read_finish(o),
                        .answer_logprob = o.real("answer_logprob"),
                        .ms = o.real("ms"),
                        .score = o.real("score")};
  if (const json::value* logprobs = o.find("logprob_summary"))
    sample.logprobs = read_logprobs(Fields(*logprobs, o.where() + ": logprob_summary"));
  if (const json::array* trace = o.list("trace"))
    for (const json::value& window : *trace) sample.trace.push_back(read_window(window, o.where()));
  return sample;
}

RecordedRun read_run(const Fields& o) {
  RecordedRun run{.strategy = o.text_at("strategy"),
                  .seed = o.whole<uint64_t>("seed").value_or(0),
                  .budget = parse_budget(o.text("budget").value_or("")),
                  .stop_reason = o.text_at("stop_reason"),
                  .answer = o.text("answer"),
                  .votes = o.whole<int>("votes").value_or(0),
                  .confidence = o.real("confidence").value_or(0),
                  .difficulty = o.real("difficulty"),
                  .started = o.whole<int>("started").value_or(0)};
  if (const json::array* cancelled = o.list("cancelled"))
    for (const json::value& value : *cancelled) {
      Fields c(value, "cancelled");
      run.cancelled.push_back({c.whole<uint64_t>("seed").value_or(0), c.whole<int>("tokens").value_or(0)});
    }
  return run;
}

Shape read_shape(const Fields& o) {
  return {.matmul_parameters = o.real("matmul_parameters").value_or(0),
          .head_parameters = o.real("head_parameters").value_or(0),
          .layers = o.whole<int>("layers").value_or(0),
          .query_heads = o.whole<int>("query_heads").value_or(0),
          .head_size = o.whole<int>("head_size").value_or(0)};
}

Sampling read_sampling(const Fields& o) {
  Sampling standard;
  return {.temperature = o.real("temperature").value_or(standard.temperature),
          .top_k = o.whole<int>("top_k").value_or(standard.top_k),
          .top_p = o.real("top_p").value_or(standard.top_p),
          .min_p = o.real("min_p").value_or(standard.min_p),
          .repetition_penalty = o.real("repetition_penalty").value_or(standard.repetition_penalty)};
}

void check_schema(const Fields& o) {
  std::optional<std::string> schema = o.text("schema");
  if (!schema || !schema->starts_with(kSchema)) refuse("not a line of a recording (no schema reckon.recording)");
  if (*schema != fmt::format("{}{}", kSchema, kVersion))
    throw Error(Code::unsupported, fmt::format("the recording has format {}, this Reckon reads {}{}: update Reckon",
                                               *schema, kSchema, kVersion));
}

json::value parse(std::string_view line) {
  boost::system::error_code wrong;
  json::value value = parse_exact(line, wrong);
  if (wrong == json::error::incomplete) refuse("the line is cut off");
  if (wrong) refuse(fmt::format("not JSON ({})", wrong.message()));
  return value;
}

}  // namespace

std::string to_json(const Recording& r) {
  json::array messages, choices, samples;
  for (const Message& m : r.messages) messages.push_back({{"role", m.role}, {"content", clean(m.content)}});
  for (const std::string& choice : r.choices) choices.push_back(json::value(clean(choice)));
  for (const RecordedSample& sample : r.samples) samples.push_back(write_sample(sample));
  json::object o{{"schema", fmt::format("{}{}", kSchema, kVersion)},
                 {"id", clean(r.id)},
                 {"question", std::move(messages)},
                 {"task", name(r.task)},
                 {"reference", maybe(r.reference)},
                 {"model", clean(r.model)}};
  if (!r.choices.empty()) o["choices"] = std::move(choices);
  if (!r.dataset.empty()) o["dataset"] = clean(r.dataset);
  if (!r.family.empty()) o["family"] = clean(r.family);
  if (!r.engine.empty()) o["engine"] = clean(r.engine);
  if (r.shape) o["shape"] = write_shape(*r.shape);
  if (!r.batch_cost.empty()) {
    json::array& curve = o["batch_cost"].emplace_array();
    for (const BatchCost& c : r.batch_cost) curve.push_back({c.branches, number(c.seconds)});
  }
  o["sampling"] = r.sampling ? json::value(write_sampling(*r.sampling)) : json::value(nullptr);
  if (r.max_tokens > 0) o["max_tokens"] = r.max_tokens;
  if (r.prompt_tokens > 0) o["prompt_tokens"] = r.prompt_tokens;
  if (r.run) o["run"] = write_run(*r.run);
  o["samples"] = std::move(samples);
  return json::serialize(o);
}

Recording parse_recording(std::string_view line) {
  json::value value = parse(line);
  Fields o(value, "the line");
  check_schema(o);
  std::string task = o.text_at("task");
  std::optional<TaskKind> kind = parse_task_kind(task);
  if (!kind) refuse(fmt::format("task \"{}\" is unknown", task));
  Recording r{.id = o.text_at("id"),
              .dataset = o.text("dataset").value_or(""),
              .family = o.text("family").value_or(""),
              .task = *kind,
              .reference = o.text("reference"),
              .model = o.text_at("model"),
              .engine = o.text("engine").value_or(""),
              .max_tokens = o.whole<int>("max_tokens").value_or(0),
              .prompt_tokens = o.whole<int64_t>("prompt_tokens").value_or(0)};
  if (const json::array* messages = o.list("question"))
    for (const json::value& message : *messages) {
      Fields m(message, "question");
      r.messages.push_back({m.text_at("role"), m.text_at("content")});
    }
  if (const json::array* choices = o.list("choices"))
    for (const json::value& choice : *choices) {
      if (!choice.is_string()) refuse("choices: not a list of strings");
      r.choices.emplace_back(choice.as_string());
    }
  if (const json::array* curve = o.list("batch_cost"))
    for (const json::value& point : *curve) {
      const json::array* pair = point.if_array();
      if (!pair || pair->size() != 2 || !pair->at(0).is_int64() || !pair->at(1).is_number())
        refuse("batch_cost: not a list of pairs");
      r.batch_cost.push_back({static_cast<int>(pair->at(0).as_int64()), pair->at(1).to_number<double>()});
    }
  if (const json::value* shape = o.find("shape")) r.shape = read_shape(Fields(*shape, "shape"));
  if (const json::value* sampling = o.find("sampling")) r.sampling = read_sampling(Fields(*sampling, "sampling"));
  if (const json::value* run = o.find("run")) r.run = read_run(Fields(*run, "run"));
  o.at("samples");
  const json::array& samples = *o.list("samples");
  for (size_t i = 0; i < samples.size(); ++i)
    r.samples.push_back(read_sample(Fields(samples[i], fmt::format("sample {}", i + 1))));
  return r;
}

}  // namespace reckon
