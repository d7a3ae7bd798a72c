// Equivalence per core: verify_bench PAIRS.jsonl [ROUNDS] judges every pair that is not hostile once to warm up and
// then ROUNDS times, on one thread, and prints one JSON object: pairs a second of CPU time, percentiles of a pair, and
// what a vote over 64 answers takes.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>

#include "policy/votes.h"
#include "verify/equivalence.h"

namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: verify_bench PAIRS.jsonl [ROUNDS]\n";
    return 2;
  }
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 5;
  std::vector<std::pair<std::string, std::string>> pairs;
  std::ifstream file(argv[1]);
  for (std::string line; std::getline(file, line);) {
    const auto row = boost::json::parse(line).as_object();
    if (row.contains("max_ms") || !row.contains("candidate")) continue;
    pairs.emplace_back(row.at("gold").as_string(), row.at("candidate").as_string());
  }
  int equal = 0;
  std::vector<double> times;
  for (int round = 0; round <= rounds; ++round)
    for (const auto& [gold, candidate] : pairs) {
      const double start = cpu_seconds();
      const auto result = reckon::verify::compare_math(gold, candidate);
      if (round == 0) {
        equal += result.verdict == reckon::Verdict::equal;
        continue;
      }
      times.push_back(cpu_seconds() - start);
    }
  std::vector<double> votes;  // 64 answers of the file, from their texts to the winner
  for (size_t from = 0; from + 64 <= pairs.size(); from += 64) {
    const double start = cpu_seconds();
    reckon::Votes vote;
    for (size_t i = from; i < from + 64; ++i) vote.add(reckon::verify::canonical_math(pairs[i].second), 100);
    if (!vote.vote()) return 1;
    votes.push_back(cpu_seconds() - start);
  }
  std::sort(votes.begin(), votes.end());
  double total = 0;
  for (const double time : times) total += time;
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))] * 1e6;
  };
  fmt::print(
      "{{\"pairs\":{},\"equal\":{},\"pairs_per_second\":{:.0f},\"p50_us\":{:.1f},\"p90_us\":{:.1f},\"p99_us\":{:.1f},"
      "\"max_us\":{:.1f},\"vote_of_64_us\":{:.1f},\"slowest_vote_us\":{:.1f}}}\n",
      pairs.size(), equal, static_cast<double>(times.size()) / total, at(0.5), at(0.9), at(0.99), at(1.0),
      1e6 * votes[votes.size() / 2], 1e6 * votes.back());
}
