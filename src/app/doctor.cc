#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include "app/commands.h"
#include "app/model_flags.h"
#include "base/asio_loop.h"
#include "base/meters.h"
#include "base/paths.h"
#include "engine/cpu_cores.h"
#include "engine/engine.h"
#include "models/store.h"
#include "verify/code_verifier.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct Options {
  std::optional<std::string> model;
  bool json = false;
};

constexpr double kGib = 1024.0 * 1024 * 1024;

// "key: value" or "key  value" lines of /proc files.
std::string proc_value(const char* file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    size_t begin = line.find_first_not_of(" \t:", key.size());
    if (begin != std::string::npos) return line.substr(begin);
  }
  return "";
}

// The extensions that decide how fast quantised matrix products are.
json::array cpu_features() {
  constexpr std::array kInteresting{"avx",      "avx2",     "fma",     "f16c", "avx512f", "avx512_vnni", "avx_vnni",
                                    "amx_int8", "amx_bf16", "asimddp", "i8mm", "sve",     "sve2"};
  std::istringstream all(proc_value("/proc/cpuinfo", "flags") + " " + proc_value("/proc/cpuinfo", "Features"));
  json::array found;
  for (std::string flag; all >> flag;)
    if (std::ranges::find(kInteresting, flag) != kInteresting.end()) found.emplace_back(flag);
  return found;
}

json::object processor() {
  CpuCores cores = cpu_cores();
  std::array<double, 1> load{};
  if (getloadavg(load.data(), 1) != 1) load[0] = 0;
  json::object object{{"model", proc_value("/proc/cpuinfo", "model name")},
                      {"features", cpu_features()},
                      {"logical", cores.logical},
                      {"physical", cores.physical},
                      {"idle", cores.idle},
                      {"load", load[0]},
                      {"container_limit", nullptr},
                      {"threads", free_cores(cores)}};
  if (cores.quota > 0) object["container_limit"] = cores.quota;
  return object;
}

double memory_bytes(const char* key) { return std::atof(proc_value("/proc/meminfo", key).c_str()) * 1024; }

// What running the file takes: its weights, and something for keys, values and buffers.
double needed(int64_t file_bytes) { return 1.1 * static_cast<double>(file_bytes) + 0.5e9; }

json::array models(double available) {
  ModelStore store;
  json::array list;
  auto add = [&](const std::string& name, int64_t bytes, bool here) {
    list.push_back(
        json::object{{"name", name}, {"bytes", bytes}, {"stored", here}, {"fits", needed(bytes) <= available}});
  };
  for (const KnownModel& model : store.known()) add(model.alias, model.bytes, store.find(model.alias).has_value());
  for (const ModelStore::Stored& stored : store.list())
    if (!store.known(stored.name)) add(stored.name, stored.bytes, true);
  return list;
}

json::object data() {
  json::object object{{"path", data_folder().string()}, {"problem", nullptr}, {"free_bytes", nullptr}};
  try {
    make_folder(data_folder());
    if (access(data_folder().c_str(), W_OK) != 0)
      throw Error(Code::environment, fmt::format("{} cannot be written; set XDG_DATA_HOME", data_folder().string()));
    object["free_bytes"] = fs::space(data_folder()).available;
  } catch (const std::exception& error) {
    object["problem"] = error.what();
  }
  return object;
}

// A few decode steps, so that the engine's own numbers are there.
Task<void> warm_up(Model& model) {
  auto account = std::make_shared<Account>();
  std::unique_ptr<Branch> branch = co_await model.open({.messages = {}, .text = "One, two, three,"}, account);
  co_await branch->generate({.tokens = 8}, {});
}

// Loads the model, which measures what a decode step costs with more branches.
json::object engine(const Options& options) {
  std::string version = engine_version();
  json::object object{
      {"version", version},
      {"why", version.empty() ? "this build has no embedded engine; run tools/build-llama and build again"
                              : "the one version this command was built with and tested against"}};
  if (!options.model) return object;
  AsioLoop loop;
  ModelFlags flags;
  flags.model = *options.model;
  std::unique_ptr<Model> model = flags.load(loop);
  loop.run(warm_up(*model));
  json::array curve;
  for (const BatchCost& cost : model->capabilities().batch_cost)
    curve.push_back(json::object{{"branches", cost.branches},
                                 {"step_seconds", cost.seconds},
                                 {"tokens_per_second", cost.branches / cost.seconds}});
  object["model"] = *options.model;
  object["batch_cost"] = std::move(curve);
  if (auto* embedded = dynamic_cast<EngineModel*>(model.get())) {
    EngineStatus status = embedded->status();
    object["description"] = status.description;
    object["threads"] = status.threads;
    object["threads_most"] = status.threads_most;
    object["threads_shed"] = status.threads_shed;
    object["cells"] = status.cells;
  }
  return object;
}

void line(const char* label, const std::string& text) { fmt::print("{:<9} {}\n", label, text); }

std::string text(const json::value& value) { return std::string(value.as_string()); }
double number(const json::value& value) { return value.to_number<double>(); }

void print_engine(const json::object& o) {
  line("engine", text(o.at("version")).empty() ? text(o.at("why"))
                                               : fmt::format("{}: {}", text(o.at("version")), text(o.at("why"))));
  if (!o.contains("model")) return;
  if (const json::value* description = o.if_contains("description"))
    line("", fmt::format("{} ({}), {} of {} threads, {} cells", text(o.at("model")), text(*description),
                         number(o.at("threads")), number(o.at("threads_most")), number(o.at("cells"))));
  for (const json::value& row : o.at("batch_cost").as_array())
    line("", fmt::format("{:>3} branches: {:6.1f} ms a step, {:6.1f} tokens/s", number(row.at("branches")),
                         1000 * number(row.at("step_seconds")), number(row.at("tokens_per_second"))));
  if (o.at("batch_cost").as_array().empty()) line("", "its batch-cost curve was not measured");
}

void print(const json::object& o) {
  const json::object& cpu = o.at("processor").as_object();
  std::vector<std::string> features;
  for (const json::value& feature : cpu.at("features").as_array()) features.push_back(text(feature));
  line("processor", fmt::format("{}; {}", text(cpu.at("model")), fmt::join(features, " ")));
  std::string limit = cpu.at("container_limit").is_null()
                          ? ""
                          : fmt::format(", container limit {:.1f}", number(cpu.at("container_limit")));
  line("cores",
       fmt::format("{} logical, {} physical{}; {:.1f} idle now, load {:.2f}: the engine would use {} thread(s)",
                   number(cpu.at("logical")), number(cpu.at("physical")), limit, number(cpu.at("idle")),
                   number(cpu.at("load")), number(cpu.at("threads"))));
  line("memory", fmt::format("{:.1f} GiB, {:.1f} GiB available", number(o.at("memory_bytes")) / kGib,
                             number(o.at("memory_available_bytes")) / kGib));
  print_engine(o.at("engine").as_object());
  const char* label = "models";
  for (const json::value& model : o.at("models").as_array()) {
    line(label, fmt::format("{:<20} {:>5.0f} MB  {}  {}", text(model.at("name")), number(model.at("bytes")) / 1e6,
                            model.at("stored").as_bool() ? "here" : "-   ",
                            model.at("fits").as_bool() ? "fits" : "does not fit in the memory available"));
    label = "";
  }
  const json::object& folder = o.at("data").as_object();
  line("data", folder.at("problem").is_null()
                   ? fmt::format("{}, {:.1f} GiB free", text(folder.at("path")), number(folder.at("free_bytes")) / kGib)
                   : text(folder.at("problem")));
  line("sandbox",
       o.at("sandbox").is_null() ? "bubblewrap works: programs can be judged by running them" : text(o.at("sandbox")));
  line("energy", o.at("energy").as_bool() ? "measured by RAPL" : "cannot be read here: receipts leave it out");
}

int doctor(const Options& options) {
  double available = memory_bytes("MemAvailable");
  json::object o{{"schema", "reckon.doctor/1"},
                 {"processor", processor()},
                 {"memory_bytes", memory_bytes("MemTotal")},
                 {"memory_available_bytes", available},
                 {"engine", engine(options)},
                 {"models", models(available)},
                 {"data", data()},
                 {"sandbox", nullptr},
                 {"energy", EnergyMeter().joules().has_value()}};
  if (std::string problem = CodeVerifier().unavailable(); !problem.empty()) o["sandbox"] = problem;
  if (options.json) fmt::print("{}\n", json::serialize(o));
  else print(o);
  bool able = !text(o.at("engine").at("version")).empty() && o.at("data").at("problem").is_null();
  return able ? 0 : 3;
}

}  // namespace

Command doctor_command() {
  auto o = std::make_shared<Options>();  // owned by both functions
  return {.name = "doctor",
          .summary = "What this machine can run, and what is missing.",
          .example = "reckon doctor --model qwen2.5-coder-0.5b",
          .declare =
              [o](Flags& flags) {
                flags.option("--model", o->model, "Load this model and show what a decode step costs.");
                flags.flag("--json", o->json, "As one JSON object.");
              },
          .run = [o] { return doctor(*o); },
          .subcommands = {}};
}

}  // namespace reckon
