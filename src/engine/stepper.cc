#include "engine/stepper.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/meters.h"
#include "base/rng.h"

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr const char* kParkedNote =
    "key-value memory was short: branches were parked and some of their tokens computed again, charged as prompt";
constexpr const char* kStarvedNote = "other processes took processor time: the engine went on with fewer threads";

// On the loop thread. The sink may drop the task that owns it, so it must not be destroyed while it runs.
void show(Waiting<Generated>& waiting, const std::string& text) {
  if (waiting.left || !waiting.sink) return;
  TextSink sink = std::exchange(waiting.sink, {});
  sink(text);
  if (!waiting.left) waiting.sink = std::move(sink);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Stepper::Stepper(Loop& loop, LlamaContext& llama, Setting setting)
    : loop_(loop),
      llama_(llama),
      setting_(std::move(setting)),
      pressure_(setting_.threads_most, setting_.threads),
      book_(llama.cells()) {
  for (int slot = llama.slots(); slot-- > 0;) free_slots_.push_back(slot);
}

void Stepper::open(uint64_t id, Payer payer, std::vector<int> tokens, WaitingPtr<int> waiting) {
  Sequence& s = add(id, std::move(payer));
  s.tokens = std::move(tokens);
  begin(s, 0, Prefill{std::move(waiting)});
}

void Stepper::fork(uint64_t parent, uint64_t id, Payer payer) {
  Sequence& child = add(id, std::move(payer));
  if (const Sequence* from = find(parent)) inherit(child, *from);
}

void Stepper::append(uint64_t id, std::vector<int> tokens, WaitingPtr<int> waiting) {
  Sequence* s = find(id);
  if (!s) return;
  int start = s->size();
  if (!tokens.empty()) s->row.reset();
  s->tokens.insert(s->tokens.end(), tokens.begin(), tokens.end());
  begin(*s, start, Prefill{std::move(waiting)});
}

// A grammar that the branch followed before goes on where it was; its state is made again from the tokens, so that a
// fork, a truncation or a cancelled operation needs no care.
void Stepper::generate(uint64_t id, GenerateOrder order, WaitingPtr<Generated> waiting) {
  Sequence* s = find(id);
  if (!s) return;
  TextStream stream(order.until.stop, order.close);
  begin(*s, s->size(), Generate{std::move(order), std::move(waiting), std::move(stream)});
  auto& g = std::get<Generate>(s->operation);
  if (g.order.rules) {
    g.grammar_from = g.order.rules == s->rules ? std::min(s->grammar_from, s->size()) : s->size();
    try {
      g.grammar.emplace(g.order.rules, std::span(s->tokens).subspan(static_cast<size_t>(g.grammar_from)));
    } catch (const Error&) {
      return fail(*s, std::current_exception());
    }
  }
  if (s->size() >= llama_.context()) finish(*s, Finish::length);
  else if (!s->row && s->computed() == s->size()) uncompute(*s, s->size() - 1);
}

void Stepper::score(uint64_t parent, uint64_t id, std::vector<int> continuation, WaitingPtr<double> waiting) {
  const Sequence* from = find(parent);
  if (!from) return;
  Sequence& s = add(id, from->payer);
  s.guest = true;
  inherit(s, *from);
  int start = s.size();
  s.tokens.insert(s.tokens.end(), continuation.begin(), continuation.end());
  s.score_from = start - 1;
  begin(s, start, Score{std::move(waiting)});
  if (!s.row && s.computed() >= start) uncompute(s, start - 1);
}

void Stepper::truncate(uint64_t id, int tokens) {
  if (Sequence* s = find(id)) rewind(*s, tokens);
}

void Stepper::cancel(uint64_t id) {
  Sequence* s = find(id);
  if (!s || s->idle()) return;
  int start = s->start;
  end(*s);
  rewind(*s, start);
}

void Stepper::drop(uint64_t id, std::optional<Payer> payer) {
  erase(id);
  if (payer) outbox_.push_back([payer = std::move(*payer)] { payer.account->close(payer.line); });
}

void Stepper::drop_all(const Error& why) {
  while (!sequences_.empty()) {
    Sequence& s = sequences_.begin()->second;
    if (!s.idle()) fail(s, std::make_exception_ptr(why));
    erase(s.id);
  }
  flush();
}

Stepper::Sequence* Stepper::find(uint64_t id) {
  auto it = sequences_.find(id);
  return it == sequences_.end() ? nullptr : &it->second;
}

Stepper::Sequence& Stepper::add(uint64_t id, Payer payer) {
  Sequence& s = sequences_[id];
  s.id = id;
  s.payer = std::move(payer);
  return s;
}

// The child shares everything that the parent has computed. A token that the parent has drawn and not yet computed is
// computed by each of them, and the child pays for its own.
void Stepper::inherit(Sequence& child, const Sequence& parent) {
  child.tokens = parent.tokens;
  child.row = parent.row;
  child.rules = parent.rules;
  child.grammar_from = parent.grammar_from;
  child.before = std::max(parent.computed(), parent.before);
  if (parent.slot < 0 || parent.cells.empty() || free_slots_.empty()) return;
  child.slot = free_slots_.back();
  free_slots_.pop_back();
  auto start = std::chrono::steady_clock::now();
  llama_.share(parent.slot, child.slot, parent.computed());
  child.cells = parent.cells;
  for (int cell : child.cells) book_.share(cell);
  working_.fork_seconds += seconds_since(start);
}

template <class T>
void Stepper::begin(Sequence& s, int start, T operation) {
  s.start = start;
  s.operation = std::move(operation);
  ++active_;
}

void Stepper::end(Sequence& s) {
  s.operation = std::monostate{};
  --active_;
}

// Forgets what was computed after the first `tokens` tokens; where the model cannot, it is parked and computed again.
void Stepper::uncompute(Sequence& s, int tokens) {
  if (s.computed() <= tokens) return;
  if (s.slot >= 0 && tokens > 0 && llama_.cut(s.slot, tokens)) book_.release(s.cells, tokens);
  else park(s);
}

void Stepper::rewind(Sequence& s, int tokens) {
  if (tokens >= s.size()) return;
  uncompute(s, tokens);
  s.tokens.resize(static_cast<size_t>(tokens));
  s.before = std::min(s.before, tokens);
  s.row.reset();
  if (tokens < s.grammar_from) s.rules.reset();
  if (s.paid >= tokens) s.paid = -1;
}

void Stepper::park(Sequence& s) {
  if (s.slot < 0) return;
  s.before = std::max(s.before, s.computed());
  llama_.drop(s.slot);
  free_slots_.push_back(std::exchange(s.slot, -1));
  book_.release(s.cells, 0);
}

void Stepper::seat(Sequence& s) {
  s.slot = free_slots_.back();
  free_slots_.pop_back();
  if (s.before > 0 && llama_.can_cut()) share_prefix(s);
}

// A branch that comes back shares what others still hold of its past: the trunk it was forked from, or its siblings.
void Stepper::share_prefix(Sequence& s) {
  int most = std::min(s.target() - (s.row ? 0 : 1), s.scores() ? s.score_from : s.size());
  const Sequence* donor = nullptr;
  int longest = 0;
  for (const auto& [id, other] : sequences_) {
    if (other.slot < 0 || id == s.id) continue;
    int limit = std::min(other.computed(), most);
    auto begin = s.tokens.begin();
    int common = static_cast<int>(std::mismatch(begin, begin + std::max(limit, 0), other.tokens.begin()).first - begin);
    if (common > longest) longest = common, donor = &other;
  }
  if (!donor) return;
  llama_.share(donor->slot, s.slot, longest);
  s.cells.assign(donor->cells.begin(), donor->cells.begin() + longest);
  for (int cell : s.cells) book_.share(cell);
}

void Stepper::erase(uint64_t id) {
  Sequence* s = find(id);
  if (!s) return;
  if (!s->idle()) end(*s);
  park(*s);
  sequences_.erase(id);
}

void Stepper::step() {
  auto start = std::chrono::steady_clock::now();
  double decoding = working_.decode_seconds;
  working_.last_step_ms = unix_milliseconds();
  for (auto& [id, s] : sequences_)
    if (s.row && !s.idle()) use_saved_row(s);

  Plan plan = make_plan();
  for (uint64_t id : plan.park) {
    Sequence& s = *find(id);
    s.payer.account->note(kParkedNote);
    park(s);
    ++working_.parked;
  }
  std::vector<Part> parts = make_batch(plan);
  if (!parts.empty()) decode(parts);

  for (uint64_t id : std::exchange(leaving_, {})) erase(id);
  ++working_.steps;
  flush();
  working_.overhead_seconds += seconds_since(start) - (working_.decode_seconds - decoding);
  // By the scheduler's rule the oldest branch always finds room; if ever not, fail instead of spinning.
  stalled_ = busy() && parts.empty() && plan.park.empty() ? stalled_ + 1 : 0;
  if (stalled_ > 100) throw Error(Code::internal, "the engine found no room for any branch; ask for more kv_cells");
}

void Stepper::use_saved_row(Sequence& s) {
  std::shared_ptr<const std::vector<float>> row = s.row;
  if (auto* score = std::get_if<Score>(&s.operation)) {
    score->sum += token_logprob(*row, s.tokens[static_cast<size_t>(s.start)]);
    s.row.reset();
    s.score_from = s.start;
    if (s.start + 1 == s.size()) complete(s, {});
  } else if (std::holds_alternative<Generate>(s.operation)) {
    Account::Work work{.generated = 1};  // the token's row was computed, and paid for, with the prompt
    if (!s.payer.account->charge(s.payer.line, work)) return refuse(s);
    draw(s, *row);
  } else if (s.computed() == s.size()) {
    complete(s, *row);  // nothing was appended
  }
}

Plan Stepper::make_plan() {
  std::vector<SequenceView> views;
  views.reserve(sequences_.size());
  for (const auto& [id, s] : sequences_) {
    SequenceView view{.id = id, .resident = s.slot >= 0, .served = s.served};
    view.own_cells = view.resident ? book_.own(s.cells) : 0;
    if (!s.idle()) view.todo = s.target() - s.computed();
    if (s.scores()) view.rows = s.target() - std::max(s.computed(), s.score_from);
    views.push_back(view);
  }
  return plan(views, {.cells = book_.free(),
                      .slots = static_cast<int>(free_slots_.size()),
                      .chunk = LlamaContext::kChunk,
                      .rows = llama_.rows()});
}

std::vector<Stepper::Part> Stepper::make_batch(const Plan& plan) {
  std::vector<Part> parts;
  entries_.clear();
  // Seats first: what the others take part with in this step is not computed yet, and must not be shared.
  for (const Share& share : plan.run)
    if (Sequence& s = *find(share.id); s.slot < 0 && !free_slots_.empty()) seat(s);
  for (const Share& share : plan.run) {
    Sequence& s = *find(share.id);
    if (s.slot < 0) continue;
    int first = s.computed(), count = std::min({share.tokens, s.target() - first, book_.free()});
    if (count <= 0) continue;
    Part part{&s, first, count, static_cast<int>(entries_.size()), price(s, first, count)};
    if (!s.payer.account->reserve(s.payer.line, part.work)) {
      refuse(s);
      continue;
    }
    book_.take(count, s.cells);
    for (int p = first; p < first + count; ++p)
      entries_.push_back({s.tokens[static_cast<size_t>(p)], p, s.slot, s.wants_row(p)});
    parts.push_back(part);
  }
  return parts;
}

// A drawn token is charged when it is drawn; computing it then is free of tokens, not of FLOPs. Everything else that is
// computed is charged as prompt.
Account::Work Stepper::price(const Sequence& s, int first, int count) const {
  Account::Work work;
  int last = first + count - 1;
  work.prompt = count - (s.paid >= first && s.paid <= last ? 1 : 0);
  work.flops = setting_.shape.prefill_flops(count, first);
  int rows = 0;
  for (int p = first; p <= last; ++p) rows += s.wants_row(p) ? 1 : 0;
  work.flops += 2 * setting_.shape.head_parameters * (rows - 1);
  if (std::holds_alternative<Generate>(s.operation) && last + 1 == s.size()) work.generated = 1;
  return work;
}

void Stepper::decode(const std::vector<Part>& parts) {
  auto start = std::chrono::steady_clock::now();
  bool watch = setting_.adapt_threads && setting_.threads_most > 1;
  double cpu = watch ? process_cpu_seconds() : 0;  // a system call
  LlamaContext::Result result = llama_.decode(entries_);
  double wall = seconds_since(start);
  working_.decode_seconds += wall;
  if (watch) watch_threads(parts, wall, process_cpu_seconds() - cpu);
  if (result != LlamaContext::Result::done) {
    give_back(parts);
    if (result == LlamaContext::Result::no_room && parts.size() > 1) return;  // the others come again without it
    auto why = std::make_exception_ptr(
        Error(Code::internal, fmt::format("the engine could not compute a batch: {}", llama_.failure())));
    for (const Part& part : parts) fail(*part.sequence, why);
    return;
  }
  for (const Part& part : parts) {
    Sequence& s = *part.sequence;
    s.payer.account->settle(s.payer.line, part.work, part.work);
    working_.prompt_tokens += part.work.prompt;
    working_.flops += part.work.flops;
    working_.recomputed_tokens += std::clamp(s.before - part.first, 0, part.count);
    if (part.first + part.count >= s.before) s.before = 0;
    advance(part);
  }
}

void Stepper::watch_threads(const std::vector<Part>& parts, double wall, double cpu) {
  int before = pressure_.threads();
  double expected = setting_.curve.seconds(static_cast<int>(entries_.size()));
  int threads = pressure_.observe({.wall = wall, .cpu = cpu, .expected = expected});
  if (threads == before) return;
  llama_.set_threads(threads);
  if (threads < before)
    for (const Part& part : parts) part.sequence->payer.account->note(kStarvedNote);
}

// What could not be computed costs nothing. The youngest is parked, so that the rest finds room.
void Stepper::give_back(const std::vector<Part>& parts) {
  const Part* youngest = &parts.front();
  for (const Part& part : parts) {
    Sequence& s = *part.sequence;
    s.payer.account->settle(s.payer.line, part.work, {});
    book_.release(s.cells, part.first);
    if (s.id > youngest->sequence->id) youngest = &part;
  }
  park(*youngest->sequence);
}

void Stepper::advance(const Part& part) {
  Sequence& s = *part.sequence;
  s.served = working_.steps;
  if (s.paid >= part.first && s.paid < part.first + part.count) s.paid = -1;
  if (auto* score = std::get_if<Score>(&s.operation))
    for (int p = std::max(part.first, s.score_from); p < part.first + part.count; ++p)
      score->sum += token_logprob(llama_.row(part.entry + p - part.first), s.tokens[static_cast<size_t>(p) + 1]);
  if (s.computed() < s.target()) return;
  complete(s, s.scores() ? std::span<const float>() : llama_.row(part.entry + part.count - 1));
}

void Stepper::complete(Sequence& s, std::span<const float> row) {
  if (auto* score = std::get_if<Score>(&s.operation)) {
    deliver(score->waiting, score->sum);
    end(s);
    leaving_.push_back(s.id);
  } else if (auto* prefill = std::get_if<Prefill>(&s.operation)) {
    if (!s.row) s.row = std::make_shared<const std::vector<float>>(row.begin(), row.end());
    deliver(prefill->waiting, s.size());
    end(s);
  } else {
    draw(s, row);
  }
}

void Stepper::draw(Sequence& s, std::span<const float> row) {
  auto& g = std::get<Generate>(s.operation);
  Rng rng(g.order.how.seed, static_cast<uint64_t>(s.size()));
  DrawState state{.past = s.tokens, .piece = g.segment.token_ids, .uniform = rng.uniform(), .again = rng.uniform()};
  if (g.grammar) state.constraint = &*g.grammar;
  Draw drawn = sampler_.draw(row, g.order.how, state);
  s.row.reset();
  ++working_.generated_tokens;
  if (drawn.token < 0)
    return fail(s, std::make_exception_ptr(
                       Error(Code::invalid_request, "the grammar leaves this model no token to go on with")));
  ++g.segment.tokens;
  g.segment.token_ids.push_back(drawn.token);
  g.evidence.add(drawn.token, drawn.logprob, drawn.entropy);
  if (llama_.vocabulary().ends_turn(drawn.token)) return finish(s, Finish::stop);

  if (g.order.how.top_logprobs >= 0) note_draw(g, drawn);
  if (g.grammar) g.grammar->accept(drawn.token);
  s.tokens.push_back(drawn.token);
  s.paid = s.size() - 1;
  TextStream::Hit hit = g.stream.add(llama_.vocabulary().piece(drawn.token));
  if (hit == TextStream::Hit::stop) return finish(s, Finish::stop_string);
  if (hit == TextStream::Hit::close) return finish(s, Finish::end_of_thinking);
  if (g.segment.tokens == g.order.until.tokens || s.size() >= llama_.context()) return finish(s, Finish::length);
  g.segment.text += g.stream.take();
  if (std::string text = g.tells_now() ? g.news() : ""; !text.empty())
    outbox_.push_back([waiting = g.waiting, text = std::move(text)] { show(*waiting, text); });
}

void Stepper::note_draw(Generate& g, const Draw& drawn) {
  const Vocabulary& words = llama_.vocabulary();
  DrawnToken& token = g.segment.drawn.emplace_back(DrawnToken{.drawn = words.told(drawn.token, drawn.logprob)});
  for (const auto& [other, logprob] : drawn.top) token.top.push_back(words.told(other, logprob));
}

void Stepper::finish(Sequence& s, Finish why) {
  auto& g = std::get<Generate>(s.operation);
  s.rules = g.order.rules;
  s.grammar_from = g.grammar_from;
  g.segment.text += g.stream.finish();
  std::string rest = g.order.shown == Shown::nothing ? "" : g.news();
  g.segment.finish = why, g.segment.stop = g.stream.stop();
  g.segment.logprobs = g.evidence.summary();
  g.segment.trace = g.evidence.trace();
  outbox_.push_back([waiting = g.waiting, rest = std::move(rest), done = Generated{std::move(g.segment), s.size()}] {
    if (waiting->left) return;
    if (!rest.empty()) show(*waiting, rest);
    waiting->arrival.deliver(done);
  });
  end(s);
}

void Stepper::refuse(Sequence& s) {
  if (std::holds_alternative<Generate>(s.operation)) return finish(s, Finish::budget);
  Halt why = s.payer.account->halted();
  Code code = why == Halt::seconds     ? Code::deadline_exceeded
              : why == Halt::cancelled ? Code::cancelled
                                       : Code::budget_exhausted;
  fail(s, std::make_exception_ptr(Error(code, fmt::format("the budget ({}) cannot pay for the {} tokens to compute",
                                                          name(why), s.target() - s.computed()))));
}

// The waiting side gets the failure; the branch is as it was before.
void Stepper::fail(Sequence& s, std::exception_ptr why) {
  auto send = [&](auto& waiting) { outbox_.push_back([waiting, why] { waiting->arrival.fail(why); }); };
  if (auto* prefill = std::get_if<Prefill>(&s.operation)) send(prefill->waiting);
  else if (auto* generate = std::get_if<Generate>(&s.operation)) send(generate->waiting);
  else send(std::get<Score>(s.operation).waiting);
  int start = s.start;
  end(s);
  if (s.guest) leaving_.push_back(s.id);
  else rewind(s, start);
}

template <class T>
void Stepper::deliver(const WaitingPtr<T>& waiting, T value) {
  outbox_.push_back([waiting, value = std::move(value)] { waiting->arrival.deliver(value); });
}

// The status is ahead of what the loop sees: who has been told of an end finds it counted.
void Stepper::flush() {
  working_.branches = static_cast<int>(sequences_.size());
  working_.resident = llama_.slots() - static_cast<int>(free_slots_.size());
  working_.cells = book_.total();
  working_.cells_used = book_.used();
  working_.threads = pressure_.threads();
  working_.threads_most = pressure_.most();
  working_.threads_shed = pressure_.shed();
  working_.threads_regained = pressure_.regained();
  {
    std::lock_guard lock(status_mutex_);
    status_ = working_;
  }
  if (outbox_.empty()) return;
  loop_.post([outbox = std::exchange(outbox_, {})] {
    for (const std::function<void()>& send : outbox) send();
  });
}

double Stepper::token_logprob(std::span<const float> row, int token) {
  return row[static_cast<size_t>(token)] - scan_row(row, block_maxima_).log_normaliser;
}

EngineStatus Stepper::status() const {
  std::lock_guard lock(status_mutex_);
  return status_;
}

}  // namespace reckon
