// What the embedded engine costs, through the public Model interface. Prints one JSON object.
//
//   engine_bench --model FILE.gguf [--threads N] [--only decode|fork|first|pressure] [--fixed-threads] [--tokens N]
//
// decode:   tokens a second at 1, 8 and 32 branches behind one shared 128-token prompt, the first token not counted, in
//           the form of `llama-batched-bench -npp 128 -ntg 64 -npl 1,8,32 -pps`
// fork:     forks of a 1,000-token prefix, steps until a dropped branch stops costing, what orchestration adds to the
//           first token
// first:    seconds to the first token of "Once upon a time", the median of 300; asked for by name only
// pressure: tokens a second at 8 branches with whatever else runs on the machine
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include <reckon/error.h>

#include "base/asio_loop.h"
#include "engine/engine.h"

namespace reckon {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Arguments {
  std::string model, only;
  int threads = 0, tokens = 64;
  bool fixed_threads = false;
};

// About `tokens` tokens of plain text.
Prompt prompt_of(const Model& model, int tokens) {
  Prompt prompt;
  while (model.count_tokens(prompt.text.empty() ? Prompt{{}, "a"} : prompt) < tokens)
    prompt.text += "The dog saw a red ball. ";
  return prompt;
}

// When the first of several branches was done: until then every step computes all of them, as in llama-batched-bench.
struct AllRunning {
  std::optional<Clock::time_point> end;
  int64_t generated_tokens = 0;  // of the engine, at the end
};

// A branch that never ends its turn by itself is wanted; one that does is started again where it stands.
Task<bool> decode(const EngineModel& model, Branch& branch, Until until, uint64_t seed, AllRunning& running) {
  while (until.tokens > 0) {
    Segment segment = co_await branch.generate(until, {.seed = seed});
    until.tokens -= segment.tokens;
    if (segment.finish == Finish::stop) co_await branch.append(" The");
  }
  if (!running.end) running = {Clock::now(), model.status().generated_tokens};
  co_return true;
}

// As llama-batched-bench counts: prompt first, then the clock runs over the steps that compute generated tokens.
Task<double> throughput(EngineModel& model, int branches, int tokens) {
  auto account = std::make_shared<Account>();
  std::unique_ptr<Branch> trunk = co_await model.open(prompt_of(model, 128), account);
  std::vector<std::unique_ptr<Branch>> live;
  std::vector<Task<bool>> tasks;
  AllRunning running;
  for (int i = 0; i < branches; ++i) {
    live.push_back(trunk->fork());
    // One more: the first is drawn from the prompt's own logits.
    tasks.push_back(decode(model, *live.back(), {.tokens = tokens + 1, .stop = {}}, static_cast<uint64_t>(i), running));
  }
  int64_t before = model.status().generated_tokens;
  Clock::time_point start = Clock::now();
  co_await all(std::move(tasks));
  double seconds = std::chrono::duration<double>(*running.end - start).count();
  co_return static_cast<double>(running.generated_tokens - before - branches) / seconds;
}

json::object decode_part(AsioLoop& loop, EngineModel& model, int tokens) {
  json::object speeds;
  EngineStatus before = model.status();
  for (int branches : {1, 8, 32}) speeds[std::to_string(branches)] = loop.run(throughput(model, branches, tokens));
  EngineStatus after = model.status();
  double decode = after.decode_seconds - before.decode_seconds, rest = after.overhead_seconds - before.overhead_seconds;
  return {{"decode_tokens_per_second", speeds}, {"share_outside_decode", rest / (decode + rest)}};
}

Task<json::object> fork_part(EngineModel& model) {
  auto account = std::make_shared<Account>();
  std::unique_ptr<Branch> trunk = co_await model.open(prompt_of(model, 1000), account);
  constexpr int kForks = 64;

  // Forks reach the engine in order; the status after the last drop counts what the engine spent on all of them.
  std::vector<std::unique_ptr<Branch>> forks;
  Clock::time_point start = Clock::now();
  for (int i = 0; i < kForks; ++i) forks.push_back(trunk->fork());
  double caller = seconds_since(start) / kForks;
  while (model.status().branches < kForks + 1) co_await sleep_for(std::chrono::microseconds(50));
  double engine = model.status().fork_seconds / kForks;
  forks.clear();

  // A branch is dropped in the middle of its work: what is charged to it afterwards, one token for a step.
  std::unique_ptr<Branch> stays = trunk->fork(), leaves = trunk->fork();
  AllRunning running;
  co_await within(std::chrono::milliseconds(1000), decode(model, *leaves, {.tokens = 900, .stop = {}}, 1, running));
  int line = leaves->line();
  int64_t charged = account->generated(line);
  leaves.reset();
  Until few{.tokens = 4, .stop = {}}, one{.tokens = 1, .stop = {}};
  co_await stays->generate(few, {.seed = 2});
  int64_t steps_after_drop = account->generated(line) - charged;

  // First token: what the loop waits beyond what the engine computes, for a short prompt.
  double added = 0;
  constexpr int kRounds = 5;
  for (int i = 0; i < kRounds; ++i) {
    double decoding = model.status().decode_seconds;
    Clock::time_point began = Clock::now();
    std::unique_ptr<Branch> branch = co_await model.open(prompt_of(model, 32), account);
    co_await branch->generate(one, {.seed = 3});
    added += (seconds_since(began) - (model.status().decode_seconds - decoding)) / kRounds;
  }
  co_return json::object{{"fork_seconds", engine},
                         {"fork_seconds_seen_by_caller", caller},
                         {"steps_after_drop", steps_after_drop},
                         {"added_first_token_seconds", added}};
}

Task<double> first_token(EngineModel& model) {
  constexpr size_t kRounds = 300;
  auto account = std::make_shared<Account>();
  std::vector<double> times;
  while (times.size() < kRounds) {
    Clock::time_point began = Clock::now();
    std::unique_ptr<Branch> branch = co_await model.open({{}, "Once upon a time"}, account);
    double first = 0;
    TextSink sink{[&](std::string_view) { first = first > 0 ? first : seconds_since(began); }};
    co_await branch->generate({.tokens = 4, .stop = {}}, {.temperature = 0}, sink);
    times.push_back(first);
  }
  std::ranges::sort(times);
  co_return times[kRounds / 2];
}

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    std::string name = values[i];
    auto next = [&] { return i + 1 < count ? std::string(values[++i]) : std::string(); };
    if (name == "--model") arguments.model = next();
    else if (name == "--threads") arguments.threads = std::atoi(next().c_str());
    else if (name == "--tokens") arguments.tokens = std::max(2, std::atoi(next().c_str()));
    else if (name == "--only") arguments.only = next();
    else if (name == "--fixed-threads") arguments.fixed_threads = true;
    else throw Error(Code::invalid_request, fmt::format("unknown option {}", name));
  }
  if (arguments.model.empty()) throw Error(Code::invalid_request, "name a GGUF file with --model");
  return arguments;
}

json::object run(const Arguments& arguments) {
  AsioLoop loop;
  EngineOptions options{.path = arguments.model,
                        .context = 2048,
                        .kv_cells = 8192,
                        .threads = arguments.threads,
                        .adapt_threads = arguments.only == "pressure" && !arguments.fixed_threads,
                        .measure_curve = false};
  auto model = load_engine(loop, options);
  json::object result;
  auto add = [&](const json::object& part) {
    for (const auto& [key, value] : part) result[key] = value;
  };
  if (arguments.only.empty() || arguments.only == "decode") add(decode_part(loop, *model, arguments.tokens));
  if (arguments.only.empty() || arguments.only == "fork") add(loop.run(fork_part(*model)));
  if (arguments.only == "first") result["first_token_seconds"] = loop.run(first_token(*model));
  if (arguments.only == "pressure") result["tokens_per_second"] = loop.run(throughput(*model, 8, 4 * arguments.tokens));
  EngineStatus status = model->status();
  result["threads"] = status.threads;
  result["threads_shed"] = status.threads_shed;
  result["engine"] = status.engine;
  result["model"] = status.description;
  return result;
}

}  // namespace
}  // namespace reckon

int main(int count, char** values) {
  try {
    std::puts(boost::json::serialize(reckon::run(reckon::parse(count, values))).c_str());
    return 0;
  } catch (const reckon::Error& error) {
    std::fprintf(stderr, "engine_bench: %s\n", error.what());
    return reckon::exit_code(error.code());
  }
}
