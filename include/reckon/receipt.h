#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <reckon/budget.h>

namespace reckon {

// What is handed to the user with an answer: what was asked for, what was computed, what it took, and why it stopped.
struct Receipt {
  std::string id;  // of the run
  std::string model;
  std::string engine;    // for example "llama.cpp 0.5.0"; a server's address for a remote model
  std::string strategy;  // with all its options, as it can be typed again
  uint64_t seed = 0;
  Budget budget;
  Usage usage;
  int samples = 0;               // started
  int finished = 0;              // ended by themselves, and counted
  std::string stop_reason;       // decided, cap, budget:tokens, deadline, cancelled, ...
  double seconds = 0;            // wall
  double cpu_seconds = 0;        // of this process
  std::optional<double> joules;  // of the whole package, by RAPL; absent where it cannot be read
  std::vector<std::string> notes;
};

std::string to_json(const Receipt& receipt);  // one line, schema "reckon.receipt/1"
std::string to_text(const Receipt& receipt);  // a few aligned lines for a person

}  // namespace reckon
