#pragma once
#include <cstdint>
#include <vector>

namespace reckon {

// What the scheduler sees of one branch.
struct SequenceView {
  uint64_t id = 0;       // in order of age: the smallest is the oldest
  int todo = 0;          // tokens to compute before the branch can go on; 0: idle
  int rows = 1;          // rows of logits that computing all of todo yields
  bool resident = true;  // has cells and a sequence number
  int own_cells = 0;     // that parking it would free
  int64_t served = 0;    // the last step in which it took part
};

struct KvBudget {
  int cells = 0;  // free
  int slots = 0;  // free sequence numbers
  int chunk = 0;  // prompt tokens in one step
  int rows = 0;   // rows of logits in one step
};

struct Share {
  uint64_t id = 0;
  int tokens = 0;  // of its todo, in this step
};

struct Plan {
  std::vector<uint64_t> park;  // first drop these branches' cells, keeping their tokens
  std::vector<Share> run;      // then compute these in one batch
};

// What the next decode step does. Branches that need one token come first, all of them, the longest unserved first;
// prompts fill the rest, oldest first. Who finds no room parks the youngest branch; the oldest that has work always
// finds room, so every branch comes to its end. A parked branch comes back when all of it fits.
Plan plan(const std::vector<SequenceView>& sequences, const KvBudget& budget);

}  // namespace reckon
