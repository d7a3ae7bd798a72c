#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <memory>

#include "app/commands.h"
#include "base/meters.h"
#include "base/receipt_json.h"
#include "store/ledger.h"

#include <reckon/error.h>

namespace reckon {
namespace {

struct Options {
  std::string by = "model", since, format = "table", ledger;
};

Ledger::By read_by(const std::string& text) {
  if (text == "key") return Ledger::By::key;
  if (text == "model") return Ledger::By::model;
  if (text == "strategy") return Ledger::By::strategy;
  if (text == "day") return Ledger::By::day;
  throw Error(Code::invalid_request, fmt::format("--by {}: must be key, model, strategy or day", text));
}

// "2026-11-25" (its midnight, UTC), "7d" or "12h" (so long ago); milliseconds since 1970.
int64_t read_since(const std::string& text) {
  if (text.empty()) return 0;
  const char* end = text.data() + text.size();
  int64_t count = 0;
  auto [stop, error] = std::from_chars(text.data(), end, count);
  bool number = error == std::errc{} && count > 0 && count < 1'000'000;
  if (number && stop + 1 == end && (*stop == 'd' || *stop == 'h'))
    return unix_milliseconds() - count * (*stop == 'd' ? 86'400'000 : 3'600'000);
  unsigned month = 0, day = 0;
  if (number && text.size() == 10 && text[4] == '-' && text[7] == '-' &&
      std::from_chars(text.data() + 5, end, month).ptr == text.data() + 7 &&
      std::from_chars(text.data() + 8, end, day).ptr == end) {
    std::chrono::year_month_day date(std::chrono::year(static_cast<int>(count)), std::chrono::month(month),
                                     std::chrono::day(day));
    if (date.ok()) return std::chrono::sys_days(date).time_since_epoch() / std::chrono::milliseconds(1);
  }
  throw Error(Code::invalid_request, fmt::format("--since {}: give a date as 2026-11-25, or 7d, or 12h", text));
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (char c : text) cell += c == '"' ? "\"\"" : std::string(1, c);
  return cell + '"';
}

std::string joules(const LedgerTotal& t) { return t.runs_with_joules > 0 ? fmt::format("{:.1f}", t.joules) : ""; }

void print_csv(const std::string& by, const std::vector<LedgerTotal>& totals) {
  fmt::print("{},runs,computed,prompt,cached,selected,discarded,verifier,probe,flops,seconds,cpu_seconds,joules\n", by);
  for (const LedgerTotal& t : totals) {
    const Usage& u = t.usage;
    fmt::print("{},{},{},{},{},{},{},{},{},{},{:.3f},{:.3f},{}\n", csv_cell(t.group), t.runs, u.computed(), u.prompt,
               u.cached, u.selected, u.discarded, u.verifier, u.probe, u.flops, t.seconds, t.cpu_seconds, joules(t));
  }
}

void print_json(const std::string& by, const std::vector<LedgerTotal>& totals) {
  namespace json = boost::json;
  json::array rows;
  for (const LedgerTotal& t : totals)
    rows.push_back({{by, t.group},
                    {"runs", t.runs},
                    {"usage", to_object(t.usage)},
                    {"seconds", t.seconds},
                    {"cpu_seconds", t.cpu_seconds},
                    {"joules", t.runs_with_joules > 0 ? json::value(t.joules) : json::value(nullptr)}});
  fmt::print("{}\n", json::serialize(json::object{{"schema", "reckon.usage/1"}, {"by", by}, {"totals", rows}}));
}

void print_table(const std::string& by, std::vector<LedgerTotal> totals) {
  LedgerTotal all{.group = "all"};
  for (const LedgerTotal& t : totals) {
    all.runs += t.runs, all.usage += t.usage, all.seconds += t.seconds, all.cpu_seconds += t.cpu_seconds;
    all.joules += t.joules, all.runs_with_joules += t.runs_with_joules;
  }
  totals.push_back(all);
  size_t width = by.size();
  for (LedgerTotal& t : totals) {
    if (t.group.empty()) t.group = "(none)";
    width = std::max(width, t.group.size());
  }
  fmt::print("{:{}}  {:>8}  {:>12}  {:>12}  {:>12}  {:>12}  {:>10}  {:>10}\n", by, width, "runs", "computed", "prompt",
             "selected", "discarded", "TFLOP", "seconds");
  for (const LedgerTotal& t : totals)
    fmt::print("{:{}}  {:>8}  {:>12}  {:>12}  {:>12}  {:>12}  {:>10.3f}  {:>10.1f}\n", t.group, width, t.runs,
               t.usage.computed(), t.usage.prompt, t.usage.selected, t.usage.discarded, t.usage.flops / 1e12,
               t.seconds);
}

int usage(const Options& o) {
  Ledger::By by = read_by(o.by);
  int64_t since = read_since(o.since);
  if (o.format != "table" && o.format != "csv" && o.format != "json")
    throw Error(Code::invalid_request, fmt::format("--format {}: must be table, csv or json", o.format));
  auto totals = Ledger::totals(o.ledger.empty() ? Ledger::standard_path() : o.ledger, by, since);
  if (o.format == "csv") print_csv(o.by, totals);
  else if (o.format == "json") print_json(o.by, totals);
  else print_table(o.by, std::move(totals));
  return 0;
}

}  // namespace

Command usage_command() {
  auto o = std::make_shared<Options>();  // owned by the two functions below
  return {.name = "usage",
          .summary = "What all runs have cost: sums over the ledger.",
          .example = "reckon usage --by key --since 30d --format csv",
          .declare =
              [o](Flags& flags) {
                flags.option("--by", o->by, "key, model, strategy or day (UTC).");
                flags.option("--since", o->since, "A date such as 2026-11-25, or 7d or 12h ago; all runs by default.");
                flags.option("--format", o->format, "table, csv or json.");
                flags.option("--ledger", o->ledger, "File of the ledger, when it is not the user's own.");
              },
          .run = [o] { return usage(*o); }};
}

}  // namespace reckon
