#pragma once
#include <vector>

namespace reckon {

// Who holds which cell of the unified KV memory: a cell is one computed token, shared by the branches forked after it.
// The numbers are ours, not llama.cpp's: it finds any free cell, so only the count matters to it.
class CellBook {
 public:
  explicit CellBook(int total) : holders_(static_cast<size_t>(total), 0) {
    for (int cell = total; cell-- > 0;) free_.push_back(cell);
  }
  int total() const { return static_cast<int>(holders_.size()); }
  int used() const { return total() - free(); }
  int free() const { return static_cast<int>(free_.size()); }

  void take(int count, std::vector<int>& cells) {  // at most free()
    for (int i = 0; i < count; ++i) {
      cells.push_back(free_.back());
      free_.pop_back();
      holders_[static_cast<size_t>(cells.back())] = 1;
    }
  }
  void share(int cell) { ++holders_[static_cast<size_t>(cell)]; }
  void release(std::vector<int>& cells, int keep) {  // all but the first `keep`
    while (static_cast<int>(cells.size()) > keep) {
      if (--holders_[static_cast<size_t>(cells.back())] == 0) free_.push_back(cells.back());
      cells.pop_back();
    }
  }
  int own(const std::vector<int>& cells) const {  // held by nobody else; shared cells come first, so count from the end
    int count = 0;
    for (size_t i = cells.size(); i-- > 0 && holders_[static_cast<size_t>(cells[i])] == 1;) ++count;
    return count;
  }

 private:
  std::vector<int> holders_;
  std::vector<int> free_;
};

}  // namespace reckon
