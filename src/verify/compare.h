#pragma once
#include <string>

#include "verify/equivalence.h"
#include "verify/values.h"

namespace reckon::verify {

// Compares what was read; the gold first. The trees may get helper nodes.
Comparison compare_terms(const Term& gold, const Term& candidate);

// The key under which what was read is counted; empty where it has none.
std::string term_key(const Term& term);

}  // namespace reckon::verify
