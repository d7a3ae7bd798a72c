#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

#include "app/command.h"
#include "app/commands.h"
#include "verify/verify_lines.h"

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr size_t kBatch = 4096;  // lines at most that are judged in parallel and printed in order, then the next

struct Options {
  std::vector<std::string> arguments;
  bool extract = false;
  bool explain = false;
  int threads = 0;
};

// Judges a batch on all threads; the results stand at their lines' places.
std::vector<verify::Line> judge(const std::vector<std::string>& lines, const Options& options, int threads) {
  std::vector<verify::Line> results(lines.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    constexpr size_t kStep = 32;
    for (size_t from = next.fetch_add(kStep); from < lines.size(); from = next.fetch_add(kStep))
      for (size_t i = from; i < std::min(from + kStep, lines.size()); ++i)
        results[i] = options.extract ? verify::verify_extraction(lines[i]) : verify::verify_pair(lines[i]);
  };
  std::vector<std::jthread> pool;
  for (int i = 1; i < threads && lines.size() > 64; ++i) pool.emplace_back(work);
  work();
  pool.clear();
  return results;
}

int verify_file(const Options& options) {
  const std::string& path = options.arguments[0];
  std::ios::sync_with_stdio(false);  // so that standard input tells how much is there
  std::ifstream file;
  if (path != "-") {
    file.open(path);
    if (!file)
      throw Error(Code::not_found, "There is no file " + path + "; give a file of JSON lines, or - for stdin.");
  }
  std::istream& in = path == "-" ? std::cin : file;
  const int threads =
      options.threads > 0 ? options.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  size_t number = 0;
  for (bool more = true; more;) {
    std::vector<std::string> lines;
    std::string line;
    while (lines.size() < kBatch && (more = static_cast<bool>(std::getline(in, line)))) {
      lines.push_back(std::move(line));
      if (in.rdbuf()->in_avail() <= 0) break;  // who writes may wait for the verdicts
    }
    for (const verify::Line& result : judge(lines, options, threads)) {
      ++number;
      if (!result.problem.empty()) fmt::print(stderr, "line {}: {}\n", number, result.problem);
      fmt::print("{}\n", result.text);
    }
    std::fflush(stdout);
  }
  return 0;
}

int verify_command_run(const Options& options) {
  if (options.explain) {
    if (options.arguments.size() != 2)
      throw Error(Code::invalid_request, "--explain takes two answers: reckon verify --explain '1/2' '0.5'.");
    fmt::print("{}", verify::explain(options.arguments[0], options.arguments[1]));
    return 0;
  }
  if (options.arguments.size() != 1) throw Error(Code::invalid_request, "Give one file of JSON lines, or - for stdin.");
  return verify_file(options);
}

}  // namespace

Command verify_command() {
  auto o = std::make_shared<Options>();  // owned by both functions
  return {.name = "verify",
          .summary = "Compare answers, or find them in texts.",
          .example = "reckon verify pairs.jsonl > verdicts.jsonl",
          .declare =
              [o](Flags& flags) {
                flags.positional(
                    "FILE", o->arguments,
                    "Lines with gold and candidate (or text and task); - is stdin. With --explain: two answers.");
                flags.flag("--extract", o->extract, "Lines have text and task: add extracted and span.");
                flags.flag("--explain", o->explain, "Show how two answers are read and which rule decides.");
                flags.option("--threads", o->threads, "Threads; 0: one for each core.");
              },
          .run = [o] { return verify_command_run(*o); }};
}

}  // namespace reckon
