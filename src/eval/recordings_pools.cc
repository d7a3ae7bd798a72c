#include "eval/recordings_pools.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include <reckon/error.h>

namespace reckon {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(Code::invalid_request, what); }

bool same(const Shape& a, const Shape& b) {
  return a.matmul_parameters == b.matmul_parameters && a.head_parameters == b.head_parameters && a.layers == b.layers &&
         a.query_heads == b.query_heads && a.head_size == b.head_size;
}

bool same(const Sampling& a, const Sampling& b) {
  return a.temperature == b.temperature && a.top_k == b.top_k && a.top_p == b.top_p && a.min_p == b.min_p &&
         a.repetition_penalty == b.repetition_penalty;
}

bool same(const RecordedSample& a, const RecordedSample& b) {
  return a.text == b.text && a.answer == b.answer && a.correct == b.correct && a.tokens == b.tokens;
}

// Whether `next` can stand beside `first`, a recording of the same model on the same data.
void check_same_model(const Recording& first, const Recording& next) {
  if (first.shape && next.shape && !same(*first.shape, *next.shape))
    refuse(
        fmt::format("two different models are both called {} (questions {} and {}): keep them in files of their own "
                    "and give them names of their own",
                    first.model, first.id, next.id));
  bool differ = first.sampling.has_value() != next.sampling.has_value() ||
                (first.sampling && !same(*first.sampling, *next.sampling)) || first.max_tokens != next.max_tokens;
  if (differ)
    refuse(
        fmt::format("questions {} and {} of {} were sampled with different settings, so their samples cannot be put "
                    "together: keep them in files of their own",
                    first.id, next.id, first.model));
}

void check_same_question(const Recording& a, const Recording& b) {
  auto text = [](const Recording& r) { return r.messages.empty() ? "" : r.messages.back().content; };
  bool texts = !a.messages.empty() && !b.messages.empty() && text(a) != text(b);
  if (texts || (a.reference && b.reference && *a.reference != *b.reference))
    refuse(
        fmt::format("question {} has two different texts or references: the recordings are of different data sets; "
                    "name the data set in each",
                    a.id));
}

// Whether the samples are a selection. Those of a run that reached its cap are one too where the strategy could have
// stopped it: with a clearer vote there would be fewer.
bool stopped_early(const RecordedRun& run) {
  const std::string& strategy = run.strategy;
  bool could = strategy.starts_with("adaptive") || strategy.starts_with("verified") ||
               strategy.find("early_stop=true") != std::string::npos;
  bool ended = run.stop_reason == "cap" || run.stop_reason == "no_answer" || run.stop_reason == kJoined;
  return could || !ended || !run.cancelled.empty();
}

// Two runs are no longer one run with a decision: what remains is whether all of their samples are here.
RecordedRun joined(const RecordedRun& a, const RecordedRun& b) {
  const RecordedRun& told = stopped_early(a) || !stopped_early(b) ? a : b;
  RecordedRun both{.strategy = told.strategy, .seed = told.seed, .stop_reason = kJoined};
  if (told.stop_reason.starts_with(kJoined)) both.stop_reason = told.stop_reason;
  else if (stopped_early(told)) both.stop_reason += ": " + told.stop_reason;
  both.started = a.started + b.started;
  both.cancelled = a.cancelled;
  both.cancelled.insert(both.cancelled.end(), b.cancelled.begin(), b.cancelled.end());
  return both;
}

// Puts the samples of `next` after those of `into`.
void join(Recording& into, Recording&& next) {
  check_same_question(into, next);
  const size_t before = into.samples.size();
  std::unordered_map<uint64_t, size_t> seeds;
  for (size_t i = 0; i < before; ++i) seeds.emplace(into.samples[i].seed, i);
  for (RecordedSample& sample : next.samples) {
    auto [at, fresh] = seeds.emplace(sample.seed, into.samples.size());
    if (fresh) into.samples.push_back(std::move(sample));
    else if (!same(into.samples[at->second], sample))
      refuse(
          fmt::format("question {} of {} has two different samples with seed {}: they come from different runs or "
                      "engines and cannot be put together",
                      into.id, into.model, sample.seed));
  }
  bool nothing_new = into.samples.size() == before;
  if (nothing_new || (!into.run && !next.run)) return;
  const RecordedRun imported{.stop_reason = kJoined};
  into.run = joined(into.run.value_or(imported), next.run.value_or(imported));
}

void check_exchangeable(const Recording& r) {
  if (r.run && stopped_early(*r.run))
    refuse(fmt::format(
        "question {} of {} was recorded by {}, which stopped early or could have ({}): its samples are a selection "
        "and no policy can be judged on them: record with "
        "--strategy self-consistency:samples=16,early_stop=false",
        r.id, r.model, r.run->strategy, r.run->stop_reason));
}

double cost(const RecordedSample& sample, CostOf of) {
  switch (of) {
    case CostOf::tokens: return sample.tokens;
    case CostOf::text: return sample.text ? std::max(1.0, static_cast<double>(sample.text->size()) / 4) : 0;
    case CostOf::samples: return 1;
  }
  return 0;
}

Pool::Question pool_question(const Recording& r, CostOf of) {
  check_exchangeable(r);
  Pool::Question q{.id = r.id, .family = r.family, .prompt_tokens = static_cast<double>(r.prompt_tokens)};
  // Samples with one answer may be written in several ways, "5 m" and "5 km", so that some are right and some are not:
  // as in a vote, the shortest one speaks for all.
  struct Spokesman {
    int answer;
    const RecordedSample* sample;
  };
  std::unordered_map<std::string_view, Spokesman> spokesmen;
  for (const RecordedSample& sample : r.samples) {
    Pool::Sample s{.tokens = cost(sample, of), .answer_logprob = sample.answer_logprob};
    if (!(s.tokens > 0))
      refuse(
          fmt::format("a sample of question {} of {} has no {}, so no cost can be computed; --cost samples counts "
                      "samples instead",
                      r.id, r.model, of == CostOf::tokens ? "token count" : "text"));
    if (sample.answer) {
      if (!sample.correct)
        refuse(
            fmt::format("a sample of question {} of {} was never judged, because no reference was known: record with "
                        "reference answers",
                        r.id, r.model));
      auto [at, fresh] = spokesmen.emplace(*sample.answer, Spokesman{static_cast<int>(q.answers.size()), &sample});
      if (fresh) q.answers.push_back({*sample.answer, *sample.correct});
      s.answer = at->second.answer;
      if (sample.tokens < at->second.sample->tokens) {
        at->second.sample = &sample;
        q.answers[static_cast<size_t>(s.answer)].correct = *sample.correct;
      }
    }
    q.samples.push_back(s);
  }
  return q;
}

std::string pool_name(const Recording& r, CostOf of) {
  std::string name = r.dataset.empty() ? r.model : fmt::format("{}_{}", r.dataset, r.model);
  if (of == CostOf::text) name += " (tokens estimated from text)";
  if (of == CostOf::samples) name += " (cost in samples)";
  return name;
}

}  // namespace

std::vector<Recording> merged(std::vector<Recording> recordings) {
  std::vector<Recording> out;
  std::map<std::tuple<std::string, std::string, std::string>, size_t> questions;
  std::map<std::pair<std::string, std::string>, size_t> models;  // first of its data set and model
  for (Recording& r : recordings) {
    auto [first, new_model] = models.emplace(std::pair(r.dataset, r.model), out.size());
    if (!new_model) check_same_model(out[first->second], r);
    auto [at, new_question] = questions.emplace(std::tuple(r.dataset, r.model, r.id), out.size());
    if (new_question) out.push_back(std::move(r));
    else join(out[at->second], std::move(r));
  }
  return out;
}

CostOf parse_cost_of(std::string_view name) {
  if (name == "tokens") return CostOf::tokens;
  if (name == "text") return CostOf::text;
  if (name == "samples") return CostOf::samples;
  refuse(fmt::format("--cost {}: there are tokens, text and samples", name));
}

std::vector<Pool> to_pools(std::vector<Recording> recordings, CostOf of) {
  std::vector<Pool> pools;
  std::map<std::pair<std::string, std::string>, size_t> places;
  for (const Recording& r : merged(std::move(recordings))) {
    auto [at, fresh] = places.emplace(std::pair(r.dataset, r.model), pools.size());
    if (fresh) pools.push_back({.name = pool_name(r, of), .model = r.model, .dataset = r.dataset, .task = r.task});
    Pool& pool = pools[at->second];
    if (r.shape) pool.shape = r.shape;
    if (pool.task != r.task) pool.task.reset();
    pool.questions.push_back(pool_question(r, of));
  }
  for (const Pool& pool : pools) validate(pool);
  return pools;
}

}  // namespace reckon
