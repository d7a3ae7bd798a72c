#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "app/commands.h"
#include "base/rng.h"
#include "base/sim.h"
#include "model/testing/simulated_model.h"
#include "strategy/catalog.h"
#include "strategy/instruction.h"
#include "strategy/run.h"
#include "verify/answer_verifier.h"
#include "verify/code_answer.h"

#include <reckon/error.h>

namespace reckon {
namespace {

constexpr int kQuestions = 64;

uint64_t fold(uint64_t hash, std::string_view text) {
  for (char c : text) hash = mix(hash, static_cast<unsigned char>(c));
  return hash;
}

// What a strategy did on 64 fixed questions against a model without weights: answers, tokens, samples and stop reasons.
uint64_t signature(const Strategy& strategy, const Verifier& verifier) {
  HashModel model;
  uint64_t hash = 0;
  for (int i = 0; i < kQuestions; ++i) {
    Sim sim;
    Question question{.id = fmt::format("{}", i),
                      .messages = instruct(TaskKind::math, fmt::format("Question {}?", i)),
                      .check = Check{.condition = "n < 50"}};
    Run done = sim.run(run(question, strategy, model, verifier, {.seed = static_cast<uint64_t>(i)}));
    hash = fold(hash, fmt::format("{}|{}|{}|{}|{}", done.outcome.answer ? done.outcome.answer->canonical : "none",
                                  done.receipt.usage.computed(), done.receipt.samples, done.outcome.stop_reason,
                                  sim.elapsed().count()));
  }
  return hash;
}

std::string all_signatures() {
  AnswerVerifier texts;
  CodeVerifier programs;
  TaskVerifier verifier(texts, programs);
  std::string lines;
  for (const char* text :
       {"single", "self-consistency", "self-consistency:early_stop=false", "adaptive", "adaptive:rule=economy,wave=4",
        "adaptive:rule=quality,refill=false", "adaptive:rule=voc", "verified", "best-of-n",
        "best-of-n:scorer=p-true,discrimination=0.7", "weighted-vote:scorer=judge,discrimination=0.7",
        "weighted-vote:scorer=p-true", "best-of-n:scorer=judge-pairwise,discrimination=0.7"})
    lines += fmt::format("{:<40} {:016x}\n", text, signature(*make_strategy(text), verifier));
  return lines;
}

}  // namespace

Command signature_command() {
  auto check = std::make_shared<std::string>(), update = std::make_shared<std::string>();  // owned by both functions
  return {.name = "signature",
          .summary = "One hash for each strategy: changes when its behaviour changes.",
          .example = "reckon signature --check tests/golden/signature.txt",
          .declare =
              [=](Flags& flags) {
                flags.option("--check", *check, "Compare with this file; exit code 1 when they differ.");
                flags.option("--update", *update, "Write the signatures to this file.");
              },
          .run =
              [=] {
                std::string now = all_signatures();
                fmt::print("{}", now);
                if (!update->empty() && !(std::ofstream(*update) << now))
                  throw Error(Code::environment, fmt::format("cannot write {}", *update));
                if (check->empty()) return 0;
                std::ifstream in(*check);
                if (!in) throw Error(Code::not_found, fmt::format("cannot read {}", *check));
                if ((std::stringstream() << in.rdbuf()).str() == now) return 0;
                fmt::print(stderr,
                           "reckon: a strategy behaves differently; if that is meant, run signature --update {}\n",
                           *check);
                return 1;
              }};
}

}  // namespace reckon
