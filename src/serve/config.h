#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_server.h"
#include "serve/ask.h"
#include "serve/keys.h"

namespace reckon {

// What `reckon serve --config FILE` reads. docs/api.md has an example.
struct ServeConfig {
  struct Key {
    KeyRules rules;
    std::string sha256;
  };
  // What one model is loaded with; absent: as the whole server.
  struct Engine {
    std::optional<int> context, threads, gpu_layers, kv_cells;
    bool operator==(const Engine&) const = default;
  };
  struct Model {
    std::string name;  // in requests
    std::string file;  // alias, hf:REPO/FILE or path
    Engine engine{};
    bool operator==(const Model&) const = default;
  };
  std::string listen = "127.0.0.1:8080";
  std::vector<Model> models;               // the first is the default one; empty: nobody chose
  Engine engine;                           // of models that do not say otherwise
  std::optional<double> memory_limit;      // GiB of all loaded models together
  std::string log;                         // file of the access log; empty: none, "-": standard error
  std::string record;                      // recording file of every run, prompts and samples; empty: none
  std::string calibration;                 // file of reckon calibrate; empty: none
  std::string ledger;                      // file; empty: the user's own
  std::string ledger_sync = "second";      // a row is on the disk a second after its response; "commit": before it
  bool allow_remote_without_keys = false;  // listen beyond this machine though everyone may ask
  double drain_seconds = 30;               // for requests under way after SIGTERM
  ServeLimits limits;
  HttpOptions http;
  std::vector<Key> keys;
  TlsFiles tls;
  std::vector<std::string> cors;  // origins of pages that may ask; "*": all
};

// Throws Error{invalid_request} for a name that requests could not use, or that is taken. Without a file the name is
// it.
void add_model(std::vector<ServeConfig::Model>& models, ServeConfig::Model model);

// What can be configured, for docs/api.md: "limits.seconds", "0.1..1e+06", "600", what it means.
struct ConfigKey {
  std::string name, values, standard, help;
};
std::vector<ConfigKey> config_keys();

// Throws Error{invalid_request} "FILE:LINE: KEY ..." for what is not TOML, unknown, of a wrong type or out of range.
ServeConfig parse_config(std::string_view text, const std::string& file);

}  // namespace reckon
