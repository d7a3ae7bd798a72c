#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/catalog.h"
#include "models/download.h"

namespace reckon {

// Where model files lie. Files of a Hugging Face repository are kept in its standard cache layout
// (hub/models--OWNER--NAME/{blobs,snapshots,refs}), so that other programs share them; all others in `own`.
struct ModelFolders {
  std::filesystem::path own;  // by default $XDG_DATA_HOME/reckon/models
  std::filesystem::path hub;  // by default $HF_HUB_CACHE, $HF_HOME/hub, ~/.cache/huggingface/hub
  std::string endpoint;       // of hf: sources; by default $HF_ENDPOINT
  static ModelFolders standard();
};

// The model files of this user. One thread.
class ModelStore {
 public:
  explicit ModelStore(ModelFolders folders = ModelFolders::standard(), std::vector<KnownModel> known = known_models());

  struct Stored {
    std::string name;    // an alias, hf:REPO/FILE, or the file name in `own`
    std::string source;  // as `name` where it is not an alias
    std::filesystem::path path;
    int64_t bytes = 0;
    std::string sha256;  // that it should have; empty: not known
  };
  // Where the named model's file is: an alias, hf:REPO/FILE, the file name of a stored model, or a path. Throws
  // Error{model_unavailable} when it is known but not here, Error{not_found} when it is neither known nor a file.
  std::filesystem::path resolve(const std::string& name) const;
  std::optional<Stored> find(const std::string& name) const;  // stored; not a path
  std::vector<Stored> list() const;                           // all that is stored, aliases first
  const KnownModel* known(std::string_view alias) const;
  const std::vector<KnownModel>& known() const { return known_; }

  // Fetches an alias, hf:REPO/FILE or a URL. Nothing to do when it is here. `sha256` (hex) is checked when given; an
  // alias brings its own. What an interrupted pull left is used. Throws Error{model_unavailable} with every source's
  // reason.
  Stored pull(const std::string& name, const std::string& sha256, const PullWatch& watch);
  // The file's sha256; compare with `sha256` of `stored`.
  static std::string digest(const Stored& stored, const PullWatch& watch) { return sha256_of(stored.path, watch); }
  void remove(const Stored& stored);

 private:
  std::optional<Stored> find_source(const ModelSource& source, const std::string& file) const;
  Stored pull_source(const ModelSource& source, const KnownModel& wanted, const PullWatch& watch);
  Stored pull_hub(const std::string& repo_and_file, const KnownModel& wanted, const PullWatch& watch);
  void check(PartialFile& part, const std::string& sha256, const PullWatch& watch) const;
  [[noreturn]] void unknown(const std::string& name) const;

  ModelFolders folders_;
  std::vector<KnownModel> known_;
};

// The standard store's resolve().
std::string resolve_model(const std::string& name);

}  // namespace reckon
