#include "engine/scheduler.h"

#include <algorithm>

namespace reckon {
namespace {

// Cells left free for every running branch when another one comes in, so that it is not parked again at once.
constexpr int kHeadroom = 16;

struct Planner {
  const std::vector<SequenceView>& sequences;
  KvBudget left;
  Plan plan;

  bool parked(uint64_t id) const { return std::find(plan.park.begin(), plan.park.end(), id) != plan.park.end(); }
  auto share(uint64_t id) {
    return std::find_if(plan.run.begin(), plan.run.end(), [&](const Share& s) { return s.id == id; });
  }

  // The branch to park for `wanting`: the youngest idle one, else the youngest of those younger than it.
  const SequenceView* victim(const SequenceView& wanting, bool for_cells) const {
    const SequenceView* best = nullptr;
    for (const SequenceView& s : sequences) {
      bool idle = s.todo == 0;
      if (!s.resident || s.id == wanting.id || parked(s.id) || (!idle && s.id < wanting.id)) continue;
      if (for_cells && s.own_cells == 0) continue;
      if (!best || (best->todo != 0 && idle) || ((best->todo == 0) == idle && s.id > best->id)) best = &s;
    }
    return best;
  }

  void park(const SequenceView& s) {
    plan.park.push_back(s.id);
    left.cells += s.own_cells;
    ++left.slots;
    if (auto it = share(s.id); it != plan.run.end()) {
      left.cells += it->tokens;
      plan.run.erase(it);
    }
  }

  bool make_room(const SequenceView& wanting, int cells) {
    while (!wanting.resident && left.slots == 0) {
      const SequenceView* s = victim(wanting, false);
      if (!s) return false;
      park(*s);
    }
    while (left.cells < cells) {
      const SequenceView* s = victim(wanting, true);
      if (!s) return false;
      park(*s);
    }
    return true;
  }

  void run(const SequenceView& s, int tokens) {
    if (!s.resident) --left.slots;
    left.cells -= tokens;
    plan.run.push_back({s.id, tokens});
  }
};

}  // namespace

Plan plan(const std::vector<SequenceView>& sequences, const KvBudget& budget) {
  Planner planner{sequences, budget, {}};
  std::vector<const SequenceView*> single, prompts;
  for (const SequenceView& s : sequences)
    if (s.todo > 0) (s.todo == 1 && s.resident ? single : prompts).push_back(&s);
  std::sort(single.begin(), single.end(),
            [](auto* a, auto* b) { return a->served != b->served ? a->served < b->served : a->id < b->id; });
  std::sort(prompts.begin(), prompts.end(), [](auto* a, auto* b) { return a->id < b->id; });

  int rows = 0;
  for (const SequenceView* s : single) {
    if (rows + s->rows > budget.rows || planner.parked(s->id) || !planner.make_room(*s, 1)) continue;
    planner.run(*s, 1);
    rows += s->rows;
  }
  const SequenceView* oldest = nullptr;
  for (const SequenceView& s : sequences)
    if (s.todo > 0 && (!oldest || s.id < oldest->id)) oldest = &s;
  int chunk = budget.chunk;
  for (const SequenceView* s : prompts) {
    if (chunk == 0 || rows >= budget.rows) break;
    if (planner.parked(s->id)) continue;
    int tokens = std::min({s->todo, chunk, s->rows > 1 ? budget.rows - rows : chunk});
    if (s->resident || s == oldest) {
      if (!planner.make_room(*s, tokens)) continue;
    } else {
      int headroom = kHeadroom * static_cast<int>(planner.plan.run.size());
      if (planner.left.cells < s->todo + headroom || planner.left.slots == 0) {
        // It may push out branches that do nothing, never ones that run.
        const SequenceView* idle = planner.victim(*s, planner.left.slots > 0);
        if (idle && idle->todo == 0) planner.park(*idle);
        if (planner.left.cells < s->todo + headroom || planner.left.slots == 0) continue;
      }
    }
    planner.run(*s, tokens);
    chunk -= tokens;
    rows += s->rows > 1 ? tokens : 1;
  }

  // Nobody found room although somebody has work: cells that parked branches share are still held. Only the oldest
  // stays; then it has all of the memory.
  if (planner.plan.run.empty() && planner.plan.park.empty() && oldest)
    for (const SequenceView& s : sequences)
      if (s.resident && s.id != oldest->id) planner.plan.park.push_back(s.id);
  return std::move(planner.plan);
}

}  // namespace reckon
