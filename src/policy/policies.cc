#include "policy/policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <reckon/error.h>

#include "policy/formulas.h"

namespace reckon {
namespace {

constexpr int kMaxDraws = 1000;
constexpr double kMaxTokens = 1e12;
constexpr const char* kCapHelp = "Stop after this many draws.";
constexpr const char* kTokensHelp = "Stop once the draws have cost this many tokens; 0: no limit.";

// Every rule: its options, what it compares and when that is enough. n > 0 and the caps are checked by Rule.
struct Fixed {
  static constexpr const char* name = "fixed";
  static constexpr const char* summary = "Draw n samples: plain self-consistency.";
  int n = 8;
  double tokens = 0;
  static constexpr auto fields() {
    return std::tuple{field("n", &Fixed::n, 1, kMaxDraws, "How many draws."),
                      field("tokens", &Fixed::tokens, 0, kMaxTokens, kTokensHelp)};
  }
  int limit() const { return n; }
  double value(const VoteState& s) const { return s.n; }
  bool enough(const VoteState&, double) const { return false; }
};

struct Lead {
  static constexpr const char* name = "lead";
  static constexpr const char* summary = "Stop when the leader is m votes ahead of the runner-up.";
  int m = 2, cap = 16;
  double tokens = 0;
  static constexpr auto fields() {
    return std::tuple{field("m", &Lead::m, 1, kMaxDraws, "Votes the leader must be ahead."),
                      field("cap", &Lead::cap, 1, kMaxDraws, kCapHelp),
                      field("tokens", &Lead::tokens, 0, kMaxTokens, kTokensHelp)};
  }
  int limit() const { return cap; }
  double value(const VoteState& s) const { return s.v1 - s.v2; }
  bool enough(const VoteState&, double lead) const { return lead >= m; }
};

struct Voc {
  static constexpr const char* name = "voc";
  static constexpr const char* summary = "Stop when more draws would flip the vote less than lambda times per draw.";
  double lambda = 0.02;
  bool guard = true, relative = false;
  int cap = 16;
  double tokens = 0;
  static constexpr auto fields() {
    return std::tuple{field("lambda", &Voc::lambda, 1e-6, 1, "Price of a draw, in vote flips."),
                      field("guard", &Voc::guard, "Never stop on price before an answer has two votes."),
                      field("cap", &Voc::cap, 1, kMaxDraws, kCapHelp),
                      field("relative", &Voc::relative, "Dearer questions (longer draws than the stream's) pay more."),
                      field("tokens", &Voc::tokens, 0, kMaxTokens, kTokensHelp)};
  }
  int limit() const { return cap; }
  double value(const VoteState& s) const {
    double value = value_of_computation(s.v1, s.v2, s.rest());
    if (!relative || s.mean_draw <= 0) return value;
    return value * (s.n + 1) * s.mean_draw / (s.spent + s.mean_draw);
  }
  bool enough(const VoteState& s, double value) const { return value < lambda && (!guard || s.v1 >= 2); }
};

struct Asc {
  static constexpr const char* name = "asc";
  static constexpr const char* summary = "Adaptive-Consistency: stop when the vote is stable with this probability.";
  double threshold = 0.95;
  int cap = 64;
  double tokens = 0;
  static constexpr auto fields() {
    return std::tuple{field("threshold", &Asc::threshold, 0.5, 1, "Stability that is enough."),
                      field("cap", &Asc::cap, 1, kMaxDraws, kCapHelp),
                      field("tokens", &Asc::tokens, 0, kMaxTokens, kTokensHelp)};
  }
  int limit() const { return cap; }
  double value(const VoteState& s) const { return beta_stay(s.v1, s.v2); }
  bool enough(const VoteState&, double stay) const { return stay >= threshold; }
};

struct Esc {
  static constexpr const char* name = "esc";
  static constexpr const char* summary = "Early-stopping self-consistency: stop after a whole window of one answer.";
  int w = 5, cap = 64;
  double tokens = 0;
  static constexpr auto fields() {
    return std::tuple{field("w", &Esc::w, 1, kMaxDraws, "Draws in a window."),
                      field("cap", &Esc::cap, 1, kMaxDraws, kCapHelp),
                      field("tokens", &Esc::tokens, 0, kMaxTokens, kTokensHelp)};
  }
  int limit() const { return cap; }
  double value(const VoteState& s) const { return s.run; }
  bool enough(const VoteState& s, double run) const { return s.n % w == 0 && run >= w; }
};

struct Evalue {
  static constexpr const char* name = "evalue";
  static constexpr const char* summary = "Stop with an anytime-valid certificate that the majority will not change.";
  double delta = 0.05;
  int cap = 64;
  double tokens = 0;
  static constexpr auto fields() {
    return std::tuple{field("delta", &Evalue::delta, 1e-9, 0.5, "Chance that the certificate is wrong."),
                      field("cap", &Evalue::cap, 1, kMaxDraws, kCapHelp),
                      field("tokens", &Evalue::tokens, 0, kMaxTokens, kTokensHelp)};
  }
  int limit() const { return cap; }
  double value(const VoteState& s) const { return std::exp(log_e_value(s.v1, s.v2)); }
  // A union bound over the answers that might overtake the leader.
  bool enough(const VoteState& s, double e) const { return s.v1 > 0 && e >= std::max(1, s.distinct - 1) / delta; }
};

template <class Options>
class Rule : public Policy {
 public:
  explicit Rule(const Options& options) : options_(options) {}

  Decision decide(const VoteState& s) const override {
    Decision decision{.value = options_.value(s), .confidence = beta_stay(s.v1, s.v2)};
    bool spent = options_.tokens > 0 && s.spent >= options_.tokens;
    if (s.n > 0 && (s.n >= options_.limit() || spent || options_.enough(s, decision.value)))
      decision.kind = Decision::Kind::stop;
    return decision;
  }
  int cap() const override { return options_.limit(); }
  std::string text() const override {
    std::string text = options_text(Options::name, options_);
    for (std::string_view standard : {",relative=false", ",tokens=0"})  // rarely used, so only shown when set
      if (size_t at = text.find(standard); at != std::string::npos && !text.compare(at, standard.size(), standard) &&
                                           (at + standard.size() == text.size() || text[at + standard.size()] == ','))
        text.erase(at, standard.size());
    return text;
  }

 private:
  Options options_;
};

struct Preset {
  const char *name, *rule, *summary;
};
constexpr Preset kPresets[] = {
    {"economy", "lead:m=2,cap=8", "The cheapest default; also for weak models."},
    {"balanced", "lead:m=2,cap=16", "The default."},
    {"quality", "lead:m=3,cap=32", "Within the noise of 64 samples on the measured sets."},
    {"reference", "asc:threshold=0.95,cap=64", "Adaptive-Consistency as published."},
};

template <class... Options>
struct Rules {
  static std::unique_ptr<Policy> make(const Spec& spec) {
    std::unique_ptr<Policy> policy;
    ((spec.name == Options::name
          ? void(policy = std::make_unique<Rule<Options>>(parse_options<Options>(Options::name, spec.values)))
          : void()),
     ...);
    return policy;
  }
  static std::vector<PolicyInfo> catalog() {
    return {PolicyInfo{Options::name, Options::summary, option_table<Options>()}...};
  }
};
using AllRules = Rules<Fixed, Lead, Voc, Asc, Esc, Evalue>;

}  // namespace

std::vector<PolicyInfo> policy_catalog() {
  std::vector<PolicyInfo> all = AllRules::catalog();
  for (const Preset& preset : kPresets)
    all.push_back({preset.name, fmt::format("{} The same as {}.", preset.summary, preset.rule), {}});
  return all;
}

std::unique_ptr<Policy> parse_policy(std::string_view text) {
  Spec spec = parse_spec(text);
  for (const Preset& preset : kPresets)
    if (spec.name == preset.name) {
      if (!spec.values.empty())
        throw Error(Code::invalid_request, fmt::format("{} takes no options; it is {}, write that with your own values",
                                                       spec.name, preset.rule));
      return parse_policy(preset.rule);
    }
  if (auto policy = AllRules::make(spec)) return policy;
  std::vector<std::string> names;
  for (const PolicyInfo& info : policy_catalog()) names.push_back(info.name);
  throw Error(Code::invalid_request, fmt::format("there is no policy '{}'{}; there are: {}", spec.name,
                                                 suggestion(spec.name, names), fmt::join(names, ", ")));
}

std::unique_ptr<Policy> priced_policy(double price, int cap) {
  return std::make_unique<Rule<Voc>>(Voc{.lambda = price, .cap = cap});
}

}  // namespace reckon
