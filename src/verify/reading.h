#pragma once
#include <string>
#include <string_view>

#include "verify/parser.h"
#include "verify/values.h"

namespace reckon::verify {

// An answer as it was understood.
struct Reading {
  std::string_view text;  // without its wrapping
  Tree tree;
  int node = -1;         // -1: no formula
  std::string problem;   // why not
  bool numeral = false;  // a plain decimal number
  bool ok() const { return node >= 0; }
  Term term() const { return {&tree, node, 0}; }
};

// Reads `text` as a formula; where the front cannot be read, what stands behind its last "=" or "in". Words that are
// numbers are numbers.
Reading read(std::string_view text, Commas commas = Commas::group_digits);

// The one number in a sentence of prose that denies nothing ("Angela will be charged $324.00."); empty otherwise.
std::string_view number_in_prose(std::string_view text);

}  // namespace reckon::verify
