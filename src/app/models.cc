#include <fmt/format.h>

#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>

#include "app/commands.h"
#include "app/terminal.h"
#include "models/store.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace json = boost::json;

struct Options {
  std::vector<std::string> names;
  std::string sha256;
  bool json = false;
};

volatile std::sig_atomic_t g_interrupted = 0;
void on_signal(int) { g_interrupted = 1; }

// "fetching qwen2.5-coder-1.5b: 412 of 1117 MB, 12 MB/s, 0:58 left", at most ten times a second.
class Line {
 public:
  explicit Line(std::string name) : name_(std::move(name)) {
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { status_line(""); }

  PullWatch watch() {
    return {.progress = [this](const char* doing, int64_t done, int64_t total) { show(doing, done, total); },
            .cancelled = [] { return g_interrupted != 0; }};
  }

 private:
  using Clock = std::chrono::steady_clock;
  void show(const char* doing, int64_t done, int64_t total) {
    Clock::time_point now = Clock::now();
    if (doing_ != doing) doing_ = doing, start_ = now, from_ = done, shown_ = {};
    if (now - shown_ < std::chrono::milliseconds(100)) return;
    shown_ = now;
    double seconds = std::chrono::duration<double>(now - start_).count();
    double rate = seconds > 0.5 ? static_cast<double>(done - from_) / seconds : 0;
    std::string text = fmt::format("{} {}: {:.0f}", doing, name_, static_cast<double>(done) / 1e6);
    if (total > 0) text += fmt::format(" of {:.0f}", static_cast<double>(total) / 1e6);
    text += " MB";
    if (rate > 0) text += fmt::format(", {:.1f} MB/s", rate / 1e6);
    if (rate > 0 && total > 0) {
      auto left = static_cast<int>(static_cast<double>(total - done) / rate);
      text += fmt::format(", {}:{:02} left", left / 60, left % 60);
    }
    status_line(text);
  }
  std::string name_, doing_;
  Clock::time_point start_, shown_;
  int64_t from_ = 0;
};

std::string megabytes(int64_t bytes) { return fmt::format("{:.0f} MB", static_cast<double>(bytes) / 1e6); }

ModelStore::Stored stored_model(const ModelStore& store, const std::string& name) {
  if (auto stored = store.find(name)) return *stored;
  store.resolve(name);  // throws the reason, or it is a path
  throw Error(Code::invalid_request, fmt::format("{} is a file of your own and not in the model store", name));
}

int pull(const Options& options) {
  if (!options.sha256.empty() && options.names.size() > 1)
    throw Error(Code::invalid_request, "--sha256 goes with one model only");
  ModelStore store;
  for (const std::string& name : options.names) {
    bool here = store.find(name).has_value();
    ModelStore::Stored stored = store.pull(name, options.sha256, Line(name).watch());
    fmt::print("{}  {}{}\n", name, stored.path.string(), here ? "  (was here)" : "");
  }
  return 0;
}

json::object describe(const ModelStore& store, const std::string& name) {
  const KnownModel* known = store.known(name);
  auto stored = store.find(name);
  json::object object{{"name", name},
                      {"stored", stored.has_value()},
                      {"path", nullptr},
                      {"bytes", stored  ? stored->bytes
                                : known ? known->bytes
                                        : 0},
                      {"sha256", stored  ? stored->sha256
                                 : known ? known->sha256
                                         : ""}};
  if (stored) object["path"] = stored->path.string();
  if (known) {
    json::array sources;
    for (const ModelSource& source : known->sources) sources.emplace_back(to_string(source));
    object["about"] = known->about;
    object["license"] = known->license;
    object["sources"] = std::move(sources);
  }
  return object;
}

int list(const Options& options) {
  ModelStore store;
  std::vector<std::string> names;
  for (const KnownModel& model : store.known()) names.push_back(model.alias);
  for (const ModelStore::Stored& stored : store.list())
    if (!store.known(stored.name)) names.push_back(stored.name);
  if (options.json) {
    json::array all;
    for (const std::string& name : names) all.push_back(describe(store, name));
    fmt::print("{}\n", json::serialize(json::object{{"schema", "reckon.models/1"}, {"models", std::move(all)}}));
    return 0;
  }
  for (const std::string& name : names) {
    const KnownModel* known = store.known(name);
    auto stored = store.find(name);
    fmt::print("{:<20} {:>8}  {}  {}\n", name, megabytes(stored ? stored->bytes : known->bytes),
               stored ? "here   " : "-      ", known ? known->about : "");
  }
  return 0;
}

int show(const Options& options) {
  ModelStore store;
  const std::string& name = options.names.front();
  if (!store.known(name)) stored_model(store, name);
  json::object object = describe(store, name);
  if (options.json) {
    object["schema"] = "reckon.model/1";
    fmt::print("{}\n", json::serialize(object));
    return 0;
  }
  auto line = [](const char* label, const std::string& value) {
    if (!value.empty()) fmt::print("{:<8}  {}\n", label, value);
  };
  auto text = [&](const char* key) {
    const json::value* value = object.if_contains(key);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
  };
  line("name", name);
  line("about", text("about"));
  line("license", text("license"));
  line("size", megabytes(object.at("bytes").as_int64()));
  line("sha256", text("sha256"));
  line("path", object.at("path").is_null() ? "not on this machine; reckon models pull " + name : text("path"));
  if (const json::value* sources = object.if_contains("sources"))
    for (const json::value& source : sources->as_array()) line("source", std::string(source.as_string()));
  return 0;
}

int path(const Options& options) {
  fmt::print("{}\n", ModelStore().resolve(options.names.front()).string());
  return 0;
}

int verify(const Options& options) {
  ModelStore store;
  std::vector<ModelStore::Stored> chosen;
  for (const std::string& name : options.names) chosen.push_back(stored_model(store, name));
  if (options.names.empty()) chosen = store.list();
  bool fine = true;
  for (const ModelStore::Stored& stored : chosen) {
    std::string got = ModelStore::digest(stored, Line(stored.name).watch());
    if (stored.sha256.empty()) {
      fmt::print("{}  {}  (nothing to compare with)\n", stored.name, got);
    } else if (got == stored.sha256) {
      fmt::print("{}  ok\n", stored.name);
    } else {
      fmt::print("{}  damaged: its sha256 is {} and not {}; run: reckon models rm {}, and pull it again\n", stored.name,
                 got, stored.sha256, stored.name);
      fine = false;
    }
  }
  return fine ? 0 : 1;
}

int remove(const Options& options) {
  ModelStore store;
  for (const std::string& name : options.names) {
    ModelStore::Stored stored = stored_model(store, name);
    store.remove(stored);
    fmt::print("removed {}, {}\n", stored.path.string(), megabytes(stored.bytes));
  }
  return 0;
}

Command subcommand(const char* name, const char* summary, const char* example, bool required,
                   std::function<int(const Options&)> run) {
  auto o = std::make_shared<Options>();  // owned by both functions
  std::string which = name;
  return {.name = which,
          .summary = summary,
          .example = example,
          .declare =
              [o, required, which](Flags& flags) {
                if (which != "list")
                  flags.positional("MODEL", o->names, "An alias, hf:OWNER/NAME/FILE, or a stored file.", required);
                if (which == "pull") flags.option("--sha256", o->sha256, "Digest that the file must have.");
                if (which == "list" || which == "show") flags.flag("--json", o->json, "As one JSON object.");
              },
          .run = [o, run = std::move(run)] { return run(*o); },
          .subcommands = {}};
}

}  // namespace

Command models_command() {
  return {.name = "models",
          .summary = "Fetch, list, check and remove model files.",
          .example = "reckon models pull qwen2.5-coder-1.5b",
          .declare = {},
          .run = {},
          .subcommands = {
              subcommand("pull", "Fetch models, also by URL; goes on where it was interrupted.",
                         "reckon models pull qwen2.5-coder-1.5b", true, pull),
              subcommand("list", "The models known by name, and those stored.", "reckon models list", false, list),
              subcommand("show", "Size, digest, licence, sources and path of one.",
                         "reckon models show qwen2.5-coder-0.5b --json", true, show),
              subcommand("path", "Where the file of one is.", "reckon models path qwen2.5-coder-0.5b", true, path),
              subcommand("verify", "Compare digests; of all that is stored when none is named.",
                         "reckon models verify qwen2.5-coder-1.5b", false, verify),
              subcommand("rm", "Remove stored files.", "reckon models rm smollm2-135m", true, remove),
          }};
}

}  // namespace reckon
