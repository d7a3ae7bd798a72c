#include <reckon/error.h>
#include <reckon/model.h>

namespace reckon {

Form Model::form(const Prompt& prompt) const {
  if (!prompt.tools.empty()) throw Error(Code::unsupported, "this model cannot be given tools");
  if (!prompt.json_schema.empty()) throw Error(Code::unsupported, "this model cannot be held to a JSON schema");
  return {};
}

Turn Model::read(const Form&, std::string_view text, bool) const { return {.content = std::string(text)}; }

std::vector<int> Model::tokenize(std::string_view, bool, bool) const {
  throw Error(Code::unsupported, "this model does not tell its token ids");
}

std::string Model::detokenize(const std::vector<int>&) const {
  throw Error(Code::unsupported, "this model does not tell its token ids");
}

}  // namespace reckon
