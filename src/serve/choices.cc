#include "serve/choices.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <map>
#include <tuple>

#include "serve/thinking.h"
#include "verify/json_schema.h"

namespace reckon {
namespace {

// Of an answer that was cut in the middle of a call the calls before it are whole.
bool whole(const ToolCall& call) {
  boost::system::error_code error;
  return boost::json::parse(call.arguments, error).is_object() && !error;
}

// Fills in what each choice says, beside its text.
void take_apart(const Model& model, const Ask& ask, Done& done) {
  size_t calls = 0;
  for (Choice& choice : done.choices) {
    if (ask.prompt) {  // raw text is the caller's own affair
      choice.content = choice.text;
      continue;
    }
    ThinkingSplitter::Parts parts = split_thinking(model.capabilities(), choice.text);
    bool cut = choice.finish == Finish::length || choice.finish == Finish::budget;
    Turn turn = model.read(ask.form, parts.content, cut);
    if (cut) std::erase_if(turn.tool_calls, [](const ToolCall& call) { return !whole(call); });
    choice.reasoning = std::move(parts.reasoning);
    choice.content = std::move(turn.content);
    choice.tool_calls = std::move(turn.tool_calls);
    for (ToolCall& call : choice.tool_calls)
      if (call.id.empty()) call.id = fmt::format("call_{}_{}", done.run.receipt.id, calls++);
  }
}

// The grammar leaves out keywords that llama.cpp's converter does not know: what breaks those is said.
void check_schema(const Ask& ask, Done& done) {
  if (ask.json_schema.empty()) return;
  try {
    JsonSchema schema(ask.json_schema);
    for (const Choice& choice : done.choices)
      if (choice.finish == Finish::stop)
        if (auto problem = schema.problem(choice.content))
          done.warnings.push_back(fmt::format("the answer breaks the schema: {}", *problem));
  } catch (const Error& error) {
    done.warnings.push_back(fmt::format("the answer was not checked against the schema: {}", error.what()));
  }
}

// Of the samples' tokens so many are those of the choices.
void select(Usage& usage, int64_t tokens) {
  int64_t samples = usage.selected + usage.discarded;
  usage.selected = std::min(tokens, samples);
  usage.discarded = samples - usage.selected;
}

Choice choice_of(const Sample& sample, const Ask& ask) {
  bool own = std::ranges::find(ask.form.stop, sample.stop) == ask.form.stop.end();  // not the template's
  return {.text = sample.text,
          .finish = sample.finish,
          .drawn = ask.sampling.top_logprobs >= 0 ? sample.drawn : std::vector<DrawnToken>{},
          .stop = own ? sample.stop : ""};
}

void choose_all(const Ask& ask, Done& done) {
  const std::vector<Sample>& samples = done.run.outcome.samples;
  for (size_t i = 0; i < done.said.size(); ++i) {
    auto ended = std::ranges::find(samples, static_cast<int>(i), &Sample::number);
    done.choices.push_back(ended != samples.end() ? choice_of(*ended, ask) : Choice{done.said[i], Finish::budget});
  }
  while (done.choices.size() > 1 && done.choices.back().finish == Finish::budget && done.choices.back().text.empty())
    done.choices.pop_back();
  Usage& usage = done.run.receipt.usage;
  select(usage, usage.selected + usage.discarded);
}

void choose_of_vote(const Ask& ask, Done& done) {
  const Outcome& outcome = done.run.outcome;
  const std::string& first = outcome.answer ? outcome.text : done.said.front();
  std::map<std::string, int> votes;
  for (const Sample& sample : outcome.samples)
    if (sample.answer) ++votes[sample.answer->canonical];
  auto rank = [&](const Sample* sample) {
    constexpr double kUnknown = -std::numeric_limits<double>::infinity();
    return std::tuple(sample->text == first, sample->answer ? votes.at(sample->answer->canonical) : 0,
                      sample->answer_logprob.value_or(kUnknown), -sample->number);
  };
  std::vector<const Sample*> ranked;
  for (const Sample& sample : outcome.samples)
    if (sample.score != 0.0 || sample.text == first) ranked.push_back(&sample);
  std::ranges::sort(ranked, std::ranges::greater(), rank);

  int64_t tokens = 0;
  for (const Sample* sample : ranked) {
    if (static_cast<int>(done.choices.size()) == ask.n) break;
    done.choices.push_back(choice_of(*sample, ask));
    tokens += sample->tokens;
  }
  if (done.choices.empty()) done.choices.push_back({done.said.front(), Finish::budget});
  else select(done.run.receipt.usage, tokens);
  if (!outcome.answer) done.warnings.push_back("no sample gave an answer that could be compared; this is one of them");
}

}  // namespace

void choose(const Model& model, const Ask& ask, Done& done) {
  if (ask.voting()) choose_of_vote(ask, done);
  else choose_all(ask, done);
  if (static_cast<int>(done.choices.size()) < ask.n) {
    const std::string& ended = done.run.outcome.stop_reason;
    done.warnings.push_back(fmt::format("{} of {} choices: {}", done.choices.size(), ask.n,
                                        ended == "cap" || ended == "abstain"
                                            ? "the other samples failed or did not pass the check"
                                            : "the budget allowed no more"));
  }
  take_apart(model, ask, done);
  check_schema(ask, done);
}

}  // namespace reckon
