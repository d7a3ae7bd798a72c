#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reckon {

// What kind of answer a question has, and so how answers are found and compared.
enum class TaskKind { math, choice, text, json, code };
std::string_view name(TaskKind kind);
std::optional<TaskKind> parse_task_kind(std::string_view name);

// A call of a function that the model asks for; the caller makes it and answers with a message of role tool.
struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // one JSON object, as text
  bool operator==(const ToolCall&) const = default;
};

struct Message {
  std::string role;  // system, user, assistant, tool
  std::string content;
  std::string reasoning = {};             // an assistant's: what its thinking block held
  std::vector<ToolCall> tool_calls = {};  // an assistant's
  std::string tool_call_id = {};          // a tool's: the call that it answers
  bool operator==(const Message&) const = default;
};

// How the program that answers a code question is checked. By `command` if there is one, else by `examples`, else by
// `tests`.
struct CodeTests {
  struct Example {
    std::string input, output;  // standard input, and what must be written to standard output
  };
  std::string language = "python";  // python, c++
  std::string entry_point;          // the function that the question asks for
  std::string setup;                // imports and helpers that the program may use, put before it
  std::string signature;            // head of the function, put before a program that is only its body
  std::string tests;  // python: statements with asserts; c++: the same, or a main(); command: the file `tests`
  std::vector<Example> examples;
  std::string command;  // for a shell, in a folder with program.py or program.cc; exit code 0 passes
};

// What the asker demands of an answer, which can be decided without knowing the right one; one member is set.
struct Check {
  std::optional<CodeTests> tests;  // the program must pass them
  std::string schema;              // the JSON value must be valid under this JSON Schema
  std::string condition;           // must hold for the answer in place of its unknown: "x^2 - 5x + 6 = 0"
};

struct Question {
  std::string id;
  TaskKind task = TaskKind::math;
  std::vector<Message> messages;
  std::optional<std::string> reference;  // the right answer, where it is known
  std::vector<std::string> choices;      // texts of the options of a choice question, A first
  std::optional<CodeTests> code;         // how the answer of a code question is judged; part of the reference
  std::optional<Check> check;            // what strategies may test answers with
};

// What a verifier found in a sample. Votes are counted under `canonical`.
struct Answer {
  std::string text;       // as written
  std::string canonical;  // same value, same string; stable across runs and platforms
  size_t begin = 0;       // the bytes [begin, end) of the sample's text that it came from
  size_t end = 0;
};

// Why a piece of generation ended.
enum class Finish {
  stop,             // the model ended its turn
  stop_string,      // one of the caller's stop strings
  end_of_thinking,  // the thinking block was closed (only when asked for)
  length,           // the caller's token limit, or the model's context is full
  budget,           // a ceiling of the run's budget, its deadline, or the user's interrupt
};
std::string_view name(Finish finish);

// Evidence from inside a trace: one entry for every 64 generated tokens (the last may cover fewer).
struct TraceWindow {
  int tokens = 0;
  float mean_confidence = 0;  // mean of the log-probability of the drawn token, nats
  float min_confidence = 0;
  float mean_entropy = 0;  // of the model's untempered distribution, nats
  float repetition = 0;    // share of the window's tokens that occurred in the 64 before it
};

struct LogprobSummary {
  double sum = 0;      // of the drawn tokens under the untempered model, nats
  double minimum = 0;  // the least likely drawn token
  double entropy = 0;  // sum over tokens of the entropy of the untempered distribution, nats
  int tokens = 0;
};

struct TokenLogprob {
  int token = 0;
  std::string bytes;   // what it adds to the text; may be part of a character
  double logprob = 0;  // under the untempered model, nats
};

// A drawn token and those that were most likely in its place.
struct DrawnToken {
  TokenLogprob drawn;
  std::vector<TokenLogprob> top = {};  // best first
};

// A finished branch.
struct Sample {
  std::string text;
  int tokens = 0;    // generated
  int thinking = 0;  // of them, in the thinking block
  Finish finish = Finish::stop;
  LogprobSummary logprobs;
  std::vector<TraceWindow> trace;
  uint64_t seed = 0;
  int line = -1;       // its line in the run's account
  double seconds = 0;  // from its start to its end
  std::optional<Answer> answer;
  std::optional<double> answer_logprob;  // mean over the tokens of the answer as written, as `logprobs`
  std::optional<double> score;           // of a scorer; larger is better, 0 is refused; none: not scored
  std::vector<DrawnToken> drawn = {};    // outside the thinking block; only where Sampling::top_logprobs asked for it
  std::string stop = {};                 // the stop string that ended it
  int number = 0;                        // among the samples of its run, in the order of their start
  bool cut() const { return finish == Finish::length || finish == Finish::budget; }
};

}  // namespace reckon
