// Checks programs against the tests of a data set: `reckon_verify_code DATA FORMAT [PROGRAMS.jsonl]`. Without PROGRAMS
// the data set's own solutions are checked; its lines are {"id", "program", "kind"}. Prints one JSON line a program, in
// order, and a summary on stderr. Two programs at a time.
#include <fmt/format.h>

#include <boost/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "eval/formats.h"
#include "eval/text_file.h"
#include "verify/code_verifier.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace json = boost::json;

struct Work {
  const Question* question;
  std::string program, kind;
  CodeResult result;
};

std::vector<Work> collect(const std::vector<Question>& questions, const std::string& path) {
  std::map<std::string, const Question*> by_id;
  std::vector<Work> work;
  for (const Question& question : questions) {
    by_id[question.id] = &question;
    if (path.empty()) work.push_back({&question, *question.reference, "reference", {}});
  }
  if (path.empty()) return work;
  std::string text = read_text_file(path);
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    json::value row = json::parse(std::string_view(text).substr(at, end - at));
    at = end + 1;
    work.push_back({by_id.at(std::string(row.at("id").as_string())),
                    std::string(row.at("program").as_string()),
                    std::string(row.at("kind").as_string()),
                    {}});
  }
  return work;
}

int run(const std::string& data, const std::string& format, const std::string& programs, int seconds) {
  QuestionFile file = read_questions(data, format);
  std::vector<Work> work = collect(file.questions, programs);
  CodeOptions options;
  options.limits.cpu_seconds = seconds;
  options.limits.wall_seconds = 3 * seconds;
  CodeVerifier verifier(options);
  if (!verifier.unavailable().empty()) throw Error(Code::environment, verifier.unavailable());

  auto start = std::chrono::steady_clock::now();
  std::atomic<size_t> next{0};
  auto worker = [&] {
    for (size_t i; (i = next++) < work.size();)
      work[i].result = verifier.check(*work[i].question->code, work[i].program);
  };
  std::jthread other(worker);
  worker();
  other.join();
  double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  std::map<std::string, std::map<std::string, int>> counts;
  for (const Work& w : work) {
    std::string verdict(name(w.result.verdict));
    ++counts[w.kind][verdict];
    fmt::print("{}\n", json::serialize(json::object{{"id", w.question->id},
                                                    {"kind", w.kind},
                                                    {"verdict", verdict},
                                                    {"reason", w.result.reason},
                                                    {"seconds", w.result.seconds}}));
  }
  for (const auto& [kind, verdicts] : counts) {
    fmt::print(stderr, "{:<20}", kind);
    for (const auto& [verdict, count] : verdicts) fmt::print(stderr, " {} {}", verdict, count);
    fmt::print(stderr, "\n");
  }
  fmt::print(stderr, "{} programs, {:.1f} s, {} questions left out\n", work.size(), wall, file.errors.size());
  return 0;
}

void print_times(const char* what, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  fmt::print("{:<28} median {:.1f} ms, p90 {:.1f} ms, max {:.1f} ms, n {}\n", what, 1e3 * times[times.size() / 2],
             1e3 * times[times.size() * 9 / 10], 1e3 * times.back(), times.size());
}

int latency() {
  CodeTests tests{.entry_point = "add", .tests = "assert add(2, 3) == 5\n"};
  CodeVerifier verifier;
  if (!verifier.unavailable().empty()) throw Error(Code::environment, verifier.unavailable());
  std::vector<double> warm, sustained, again;
  int program = 0;
  verifier.check(tests, "def add(a, b): return a + b");
  auto timed = [&](std::vector<double>& times) {
    CodeResult result = verifier.check(tests, fmt::format("def add(a, b): return a + b  # {}", program));
    if (result.verdict != CodeVerdict::pass) throw Error(Code::internal, result.reason);
    times.push_back(result.seconds);
  };
  for (int i = 0; i < 50; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    ++program;
    timed(warm);
  }
  for (int i = 0; i < 100; ++i) ++program, timed(sustained);
  for (int i = 0; i < 100; ++i) timed(again);
  print_times("a pair is ready", warm);
  print_times("one program after another", sustained);
  print_times("the same program again", again);
  return 0;
}

}  // namespace
}  // namespace reckon

int main(int argc, char** argv) {
  bool only_latency = argc == 2 && std::string_view(argv[1]) == "latency";
  if (!only_latency && (argc < 3 || argc > 5)) {
    fmt::print(stderr, "usage: reckon_verify_code DATA FORMAT [PROGRAMS.jsonl [SECONDS]] | latency\n");
    return 2;
  }
  try {
    if (only_latency) return reckon::latency();
    return reckon::run(argv[1], argv[2], argc > 3 ? argv[3] : "", argc > 4 ? std::stoi(argv[4]) : 10);
  } catch (const std::exception& error) {
    fmt::print(stderr, "reckon_verify_code: {}\n", error.what());
    return 3;
  }
}
