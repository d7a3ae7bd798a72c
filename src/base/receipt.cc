#include <reckon/receipt.h>

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "base/receipt_json.h"

namespace reckon {
namespace {
namespace json = boost::json;

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

std::string grouped(int64_t number) {  // 1234567 -> 1,234,567
  std::string text = std::to_string(number);
  for (auto at = static_cast<int64_t>(text.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3)
    text.insert(static_cast<size_t>(at), ",");
  return text;
}

std::string scaled(double value) {  // 3.2e12 -> "3.20 T"
  constexpr std::array kPrefixes{"", "k", "M", "G", "T", "P", "E"};
  size_t step = 0;
  while (value >= 999.5 && step + 1 < kPrefixes.size()) value /= 1000, ++step;
  return fmt::format("{:.3g} {}", value, kPrefixes[step]);
}

std::string tokens(const Usage& usage) {
  std::string text = fmt::format("{} tokens computed: {} prompt, {} selected, {} discarded", grouped(usage.computed()),
                                 grouped(usage.prompt), grouped(usage.selected), grouped(usage.discarded));
  if (usage.verifier) text += fmt::format(", {} verifier", grouped(usage.verifier));
  if (usage.probe) text += fmt::format(", {} probe", grouped(usage.probe));
  if (usage.cached) text += fmt::format("; {} more from cache", grouped(usage.cached));
  return text;
}

}  // namespace

boost::json::object to_object(const Usage& u) {
  return {{"prompt", u.prompt},     {"cached", u.cached}, {"selected", u.selected},   {"discarded", u.discarded},
          {"verifier", u.verifier}, {"probe", u.probe},   {"computed", u.computed()}, {"flops", u.flops}};
}

boost::json::object to_object(const Receipt& r) {
  json::object budget;
  auto limit = [&](const char* key, const auto& value) {
    if (value) budget[key] = *value;
  };
  limit("tokens", r.budget.tokens);
  limit("thinking_tokens", r.budget.thinking_tokens);
  limit("samples", r.budget.samples);
  limit("seconds", r.budget.seconds);
  limit("flops", r.budget.flops);
  json::array notes;
  for (const std::string& note : r.notes) notes.emplace_back(note);
  return {{"schema", "reckon.receipt/1"},
          {"id", r.id},
          {"model", r.model},
          {"engine", r.engine},
          {"strategy", r.strategy},
          {"seed", r.seed},
          {"budget", std::move(budget)},
          {"usage", to_object(r.usage)},
          {"samples", r.samples},
          {"finished", r.finished},
          {"stop_reason", r.stop_reason},
          {"seconds", r.seconds},
          {"cpu_seconds", r.cpu_seconds},
          {"joules", or_null(r.joules)},
          {"notes", std::move(notes)}};
}

std::string to_json(const Receipt& r) { return json::serialize(to_object(r)); }

std::string to_text(const Receipt& r) {
  std::string text;
  auto line = [&](std::string_view label, const std::string& value) {
    text += fmt::format("  {:<10}  {}\n", label, value);
  };
  line("spent", tokens(r.usage));
  std::string took;
  if (r.usage.flops > 0) took = scaled(r.usage.flops) + "FLOP, ";
  took += fmt::format("{:.2f} s wall, {:.2f} s CPU", r.seconds, r.cpu_seconds);
  if (r.joules) took += fmt::format(", {:.1f} J", *r.joules);
  line("took", took);
  line("samples", fmt::format("{} started, {} finished; stopped: {}", r.samples, r.finished, r.stop_reason));
  line("strategy", fmt::format("{}, seed {}", r.strategy, r.seed));
  if (std::string budget = to_string(r.budget); !budget.empty()) line("budget", budget);
  line("model", r.engine.empty() ? r.model : fmt::format("{} ({})", r.model, r.engine));
  for (const std::string& note : r.notes) line("note", note);
  return text;
}

}  // namespace reckon
