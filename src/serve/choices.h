#pragma once
#include "serve/runs.h"

namespace reckon {

// From an outcome to what the client gets: fills in the choices of `done`, taken apart, and the warnings that go with
// them. There is always a text: where nothing won, the lead sample's. With a vote the winner's sample is first, then
// come those whose answers had more votes, of equals the one that the model was surer of; what a check refused is none.
void choose(const Model& model, const Ask& ask, Done& done);

}  // namespace reckon
