#pragma once
#include <reckon/strategy.h>

namespace reckon {

// Tokens that thinking leaves for the answer, of all that a sample may have.
int answer_reserve(int tokens);

// What a branch says until its turn ends: text, tokens, finish and evidence of the sample; the caller adds the rest.
//
// Where the model has a thinking block, that is held to the budget's thinking_tokens and to what answer_reserve leaves,
// and is closed by force at the end; 0 thinking tokens give an empty block. Stop strings and the grammar hold for the
// answer only. The text begins with the tag that opens the block, also where the chat template has written it.
Task<Sample> generate_sample(Branch& branch, Sampling how, Context& context, TextSink sink);

}  // namespace reckon
