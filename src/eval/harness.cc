#include "eval/harness.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/append_file.h"
#include "base/parse_exact.h"
#include "base/receipt_json.h"
#include "base/rng.h"
#include "eval/arms.h"
#include "eval/recordings.h"
#include "eval/recordings_model.h"
#include "eval/recordings_run.h"
#include "eval/text_file.h"
#include "strategy/run.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

std::string text_of(const std::optional<Check>& check) {
  if (!check) return "";
  return check->condition + check->schema + (check->tests ? check->tests->tests + check->tests->command : "");
}

// What a folder's rows were made with. A folder is continued only by the same run: mixing would be a wrong number.
std::string run_facts(const std::vector<Question>& questions, const Model& model, const EvalOptions& options) {
  uint64_t data = 0;
  for (const Question& question : questions)
    for (const std::string& part : {question.id, question.messages.empty() ? "" : question.messages.back().content,
                                    question.reference.value_or(""), text_of(question.check)})
      for (char c : part) data = mix(data, static_cast<unsigned char>(c));
  const Sampling& s = options.sampling;
  json::object facts{{"schema", "reckon.eval/1"},
                     {"model", model.capabilities().name},
                     {"engine", model.capabilities().engine},
                     {"questions", questions.size()},
                     {"data", fmt::format("{:016x}", data)},
                     {"seed", options.seed},
                     {"budget", to_string(options.budget)},
                     {"max_tokens", options.until.tokens},
                     {"sampling",
                      {{"temperature", s.temperature},
                       {"top_k", s.top_k},
                       {"top_p", s.top_p},
                       {"min_p", s.min_p},
                       {"repetition_penalty", s.repetition_penalty}}}};
  if (options.calibration) facts["calibration"] = sha256(to_json(*options.calibration));
  return json::serialize(facts);
}

void check_folder(const std::string& folder, const std::string& facts) {
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  std::string path = folder + "/run.json";
  std::ifstream in(path);
  std::string line;
  if (in && std::getline(in, line) && !in.eof()) {  // at the end without a newline: torn by a kill, and written again
    if (line != facts)
      throw Error(Code::invalid_request, fmt::format("{} holds another run (other data, model, seed, budget, sampling "
                                                     "or calibration): choose another --out or delete it",
                                                     folder));
    return;
  }
  AppendFile(path).append(facts);
}

std::string recording_path(const std::string& folder, const std::string& strategy) {
  std::string name = strategy;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.') c = '-';
  return folder + "/recording-" + name + ".jsonl";
}

using Key = std::pair<std::string, std::string>;  // question, strategy

// All questions of one evaluation, several at a time.
class Evaluation {
 public:
  Evaluation(std::vector<Question> questions, Model& model, const Verifier& verifier, EvalOptions options,
             EvalHooks hooks)
      : questions_(std::move(questions)),
        model_(model),
        verifier_(verifier),
        options_(std::move(options)),
        hooks_(std::move(hooks)) {
    arms_ = make_arms(options_, model_.capabilities().name);
    check_folder(options_.folder, run_facts(questions_, model_, options_));
    results_ = std::make_unique<AppendFile>(options_.folder + "/results.jsonl");
    read_back();
    if (options_.record)
      for (const Arm& arm : arms_) open_recording(arm.label());
  }

  Task<std::vector<EvalRow>> go() {
    Stream<bool> running;
    size_t next = 0;
    auto more = [&] {
      while (next < questions_.size() && running.pending() < options_.parallel && !interrupted())
        running.add(one(next++));
    };
    for (more(); co_await running.next(); more()) {
    }
    std::vector<EvalRow> rows;
    for (const Question& question : questions_)
      for (const Arm& arm : arms_)
        if (auto row = rows_.find({question.id, arm.label()}); row != rows_.end()) rows.push_back(row->second);
    co_return rows;
  }

 private:
  // A recording is written just before its row. One whose row was lost to a kill is dropped: its question runs again.
  void open_recording(const std::string& strategy) {
    std::string path = recording_path(options_.folder, strategy);
    std::vector<std::string> kept;
    bool orphans = false;
    if (fs::exists(path)) {
      RecordingFile file = read_recordings(path);
      for (const Recording& recording : file.recordings)
        if (rows_.contains({recording.id, strategy})) kept.push_back(to_json(recording));
        else orphans = true;
      orphans = orphans || !file.broken.empty();
    }
    if (orphans) {
      fs::remove(path + ".new");
      {
        AppendFile copy(path + ".new");
        for (const std::string& line : kept) copy.append(line);
      }
      fs::rename(path + ".new", path);
    }
    recordings_.emplace(strategy, std::make_unique<RecordingWriter>(path));
  }

  bool interrupted() const { return hooks_.interrupted && hooks_.interrupted(); }

  void read_back() {
    std::ifstream in(results_->path());
    for (std::string line; std::getline(in, line);) {
      EvalRow row = parse_eval_row(line);
      for (Arm& arm : arms_)
        if (arm.label() == row.strategy) arm.observe(row);
      rows_.insert_or_assign({row.question, row.strategy}, std::move(row));
    }
    progress_.total = static_cast<int>(questions_.size() * arms_.size());
    for (const Question& question : questions_)
      for (const Arm& arm : arms_)
        if (auto row = rows_.find({question.id, arm.label()}); row != rows_.end()) {
          ++progress_.done, ++progress_.resumed;
          progress_.correct += row->second.correct;
        }
    tell();
  }

  void tell() const {
    if (hooks_.progress) hooks_.progress(progress_);
  }

  Task<bool> one(size_t index) {
    const Question& question = questions_[index];
    for (Arm& arm : arms_) {
      if (interrupted()) break;
      if (rows_.contains({question.id, arm.label()})) continue;
      Arm::Chosen chosen = arm.choose(question.task);
      EvalRow row{.question = question.id,
                  .strategy = arm.label(),
                  .reference = question.reference.value_or(""),
                  .price = chosen.price};
      RunOptions how{.budget = options_.budget,
                     .seed = derive(options_.seed, index),
                     .sampling = options_.sampling,
                     .until = options_.until,
                     .on_start = [&](const std::shared_ptr<Account>& account) {
                       if (!chosen.note.empty()) account->note(chosen.note);
                       if (hooks_.on_start) hooks_.on_start(account);
                     }};
      std::optional<Run> finished;
      RecordingModel recorder(model_);
      try {
        finished = co_await run(question, *chosen.strategy, recorder, verifier_, how);
      } catch (const Error& error) {
        row.verdict = "error";
        row.error = error.what();
      }
      if (!finished && interrupted()) break;
      if (finished) {
        if (hooks_.receipt) hooks_.receipt(question.id, finished->receipt);
        if (interrupted()) break;  // half a run is not a row, but it has been paid for
        co_await fill(row, question, *finished);
        if (auto file = recordings_.find(arm.label()); file != recordings_.end())
          file->second->append(record(question, recorder, verifier_, how, *finished));
      }
      results_->append(to_json(row));
      arm.observe(row);
      ++progress_.done;
      progress_.correct += row.correct;
      rows_.emplace(Key{row.question, row.strategy}, std::move(row));
      tell();
    }
    co_return true;
  }

  // Judging may run a program, so it is done on the pool.
  Task<void> fill(EvalRow& row, const Question& question, const Run& finished) const {
    const Outcome& outcome = finished.outcome;
    row.verdict = "none";
    if (outcome.answer) {
      row.answer = outcome.answer->canonical;
      Verdict verdict =
          co_await on_pool([&verifier = verifier_, &question, answer = *outcome.answer, reference = row.reference] {
            return verifier.judge(question, answer, reference);
          });
      row.verdict = name(verdict);
      row.correct = verdict == Verdict::equal;
    }
    row.confidence = outcome.confidence;
    row.difficulty = outcome.difficulty;
    if (const auto& s = outcome.samples; s.size() > 1)
      row.first_two_agree = s[0].answer && s[1].answer && s[0].answer->canonical == s[1].answer->canonical;
    row.stop_reason = outcome.stop_reason;
    row.samples = finished.receipt.samples;
    row.usage = finished.receipt.usage;
    row.seconds = finished.receipt.seconds;
    row.cpu_seconds = finished.receipt.cpu_seconds;
  }

  std::vector<Question> questions_;
  Model& model_;
  const Verifier& verifier_;
  EvalOptions options_;
  EvalHooks hooks_;
  std::vector<Arm> arms_;
  std::unique_ptr<AppendFile> results_;
  std::map<Key, EvalRow> rows_;
  std::map<std::string, std::unique_ptr<RecordingWriter>> recordings_;
  EvalProgress progress_;
};

}  // namespace

Task<std::vector<EvalRow>> evaluate(std::vector<Question> questions, Model& model, const Verifier& verifier,
                                    EvalOptions options, EvalHooks hooks) {
  Evaluation evaluation(std::move(questions), model, verifier, std::move(options), std::move(hooks));
  co_return co_await evaluation.go();
}

std::string to_json(const EvalRow& row) {
  auto or_null = [](const auto& value) { return value ? json::value(*value) : json::value(nullptr); };
  return json::serialize(json::object{{"question", row.question},
                                      {"strategy", row.strategy},
                                      {"answer", row.answer},
                                      {"reference", row.reference},
                                      {"verdict", row.verdict},
                                      {"correct", row.correct},
                                      {"error", row.error},
                                      {"confidence", row.confidence},
                                      {"difficulty", row.difficulty},
                                      {"first_two_agree", or_null(row.first_two_agree)},
                                      {"price", or_null(row.price)},
                                      {"stop_reason", row.stop_reason},
                                      {"samples", row.samples},
                                      {"usage", to_object(row.usage)},
                                      {"seconds", row.seconds},
                                      {"cpu_seconds", row.cpu_seconds}});
}

EvalRow parse_eval_row(std::string_view line) {
  try {
    boost::system::error_code wrong;
    const json::value value = parse_exact(line, wrong);
    if (wrong) throw std::runtime_error(wrong.message());
    const json::object& o = value.as_object();
    const json::object& u = o.at("usage").as_object();
    auto text = [&](const char* key) { return std::string(o.at(key).as_string()); };
    auto whole = [&](const json::object& from, const char* key) { return from.at(key).to_number<int64_t>(); };
    EvalRow row{.question = text("question"),
                .strategy = text("strategy"),
                .answer = text("answer"),
                .reference = text("reference"),
                .verdict = text("verdict"),
                .error = text("error"),
                .correct = o.at("correct").as_bool(),
                .confidence = o.at("confidence").to_number<double>(),
                .stop_reason = text("stop_reason"),
                .samples = static_cast<int>(whole(o, "samples")),
                .seconds = o.at("seconds").to_number<double>(),
                .cpu_seconds = o.at("cpu_seconds").to_number<double>()};
    if (const json::value* agree = o.if_contains("first_two_agree"); agree && agree->is_bool())
      row.first_two_agree = agree->as_bool();
    if (const json::value* price = o.if_contains("price"); price && price->is_number())
      row.price = price->to_number<double>();
    if (const json::value* difficulty = o.if_contains("difficulty")) row.difficulty = difficulty->to_number<double>();
    row.usage = {.prompt = whole(u, "prompt"),
                 .cached = whole(u, "cached"),
                 .selected = whole(u, "selected"),
                 .discarded = whole(u, "discarded"),
                 .verifier = whole(u, "verifier"),
                 .probe = whole(u, "probe"),
                 .flops = u.at("flops").to_number<double>()};
    return row;
  } catch (const std::exception& error) {
    throw Error(Code::invalid_request, fmt::format("not a row of evaluation results: {}", error.what()));
  }
}

}  // namespace reckon
