#include "serve/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include "serve/keys.h"

#include <reckon/error.h>
#include <reckon/options.h>

namespace reckon {
namespace {

// Reads the keys of one table and refuses what nobody asked for.
class Table {
 public:
  Table(const toml::table& table, std::string file, std::string where)
      : table_(table), file_(std::move(file)), where_(std::move(where)) {}

  void read(const char* key, std::string& value) { get(key, value, "a string"); }
  void read(const char* key, bool& value) { get(key, value, "true or false"); }
  template <class T>
  void read(const char* key, T& value, double low, double high) {
    std::conditional_t<std::is_integral_v<T>, int64_t, double> given = 0;
    if (!get(key, given, std::is_integral_v<T> ? "a whole number" : "a number")) return;
    if (static_cast<double>(given) < low || static_cast<double>(given) > high)
      fail(*table_.get(key), key, fmt::format("must be in {}..{}", low, high));
    value = static_cast<T>(given);
  }
  template <class T>
  void read(const char* key, std::optional<T>& value, double low, double high) {
    if (!node(key)) return;
    read(key, value.emplace(), low, high);
  }
  void read(const char* key, std::chrono::milliseconds& time, double low, double high) {
    double seconds = std::chrono::duration<double>(time).count();
    read(key, seconds, low, high);
    time = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
  }
  void read(const char* key, std::vector<std::string>& texts) {
    const toml::node* found = node(key);
    if (!found) return;
    const toml::array* list = found->as_array();
    if (!list) fail(*found, key, "must be a list of strings");
    for (const toml::node& element : *list) {
      auto text = element.value_exact<std::string>();
      if (!text) fail(element, key, "must be a list of strings");
      texts.push_back(*text);
    }
  }
  const toml::node* node(const char* key) {
    known_.emplace_back(key);
    return table_.get(key);
  }
  void finish() {
    for (const auto& [key, value] : table_)
      if (std::string name(key.str()); std::ranges::find(known_, name) == known_.end())
        fail(value, name, "is not known" + suggestion(name, known_));
  }
  [[noreturn]] void fail(const toml::node& node, const std::string& key, const std::string& why) const {
    throw Error(Code::invalid_request,
                fmt::format("{}:{}: {}{} {}", file_, node.source().begin.line, where_, key, why));
  }

 private:
  template <class T>
  bool get(const char* key, T& value, const char* kind) {
    const toml::node* found = node(key);
    if (!found) return false;
    std::optional<T> given = std::is_same_v<T, double> ? found->value<T>() : found->value_exact<T>();
    if (!given || (std::is_same_v<T, double> && !found->is_number()))
      fail(*found, key, fmt::format("must be {}", kind));
    value = *given;
    return true;
  }
  const toml::table& table_;
  std::string file_, where_;
  std::vector<std::string> known_;
};

void read_limits(const toml::table& section, const std::string& file, ServeConfig& config) {
  Table table(section, file, "limits.");
  ServeLimits& limits = config.limits;
  table.read("policy", limits.strategy);
  table.read("max_tokens", limits.max_tokens, 1, 10'000'000);
  table.read("samples", limits.samples, 1, 1024);
  table.read("tokens", limits.tokens, 1, 1e12);
  table.read("seconds", limits.seconds, 0.1, 1e6);
  table.read("active", limits.active, 1, 1024);
  table.read("queue", limits.queue, 0, 100'000);
  table.read("body_bytes", config.http.body_bytes, 1024, 1e9);
  table.read("header_bytes", config.http.header_bytes, 1024, 1e6);
  table.read("connections", config.http.connections, 1, 1'000'000);
  table.read("header_seconds", config.http.header_time, 0.1, 3600);
  table.read("body_seconds", config.http.body_time, 0.1, 3600);
  table.read("idle_seconds", config.http.idle_time, 0.1, 3600);
  table.read("shallower_under_load", limits.shallower_under_load);
  table.read("price", limits.price, 1e-6, 1);
  table.finish();
  try {
    strategy_of(limits.strategy, limits);
  } catch (const Error& error) {
    table.fail(*section.get("policy"), "policy", error.what());
  }
}

void read_engine(Table& table, ServeConfig::Engine& engine) {
  table.read("context", engine.context, 16, 10'000'000);
  table.read("threads", engine.threads, 0, 512);
  table.read("gpu_layers", engine.gpu_layers, -1, 10'000);
  table.read("kv_cells", engine.kv_cells, 0, 100'000'000);
}

void read_models(Table& top, const toml::node& node, const std::string& file, ServeConfig& config) {
  const toml::array* list = node.as_array();
  if (!list || !list->is_array_of_tables() || list->empty()) top.fail(node, "models", "must be [[models]] tables");
  for (const toml::node& element : *list) {
    Table table(*element.as_table(), file, "models.");
    ServeConfig::Model model;
    table.read("name", model.name);
    table.read("model", model.file);
    read_engine(table, model.engine);
    table.finish();
    const toml::node* name = element.as_table()->get("name");
    if (!name) table.fail(element, "name", "is missing");
    try {
      add_model(config.models, std::move(model));
    } catch (const Error& error) {
      table.fail(*name, "name", error.what());
    }
  }
}

void read_keys(Table& top, const toml::node& node, const std::string& file, ServeConfig& config) {
  const toml::array* list = node.as_array();
  if (!list || !list->is_array_of_tables()) top.fail(node, "keys", "must be [[keys]] tables");
  for (const toml::node& element : *list) {
    Table table(*element.as_table(), file, "keys.");
    ServeConfig::Key key;
    KeyRules& rules = key.rules;
    table.read("name", rules.name);
    table.read("sha256", key.sha256);
    table.read("weight", rules.weight, 0.001, 1000);
    table.read("active", rules.active, 1, 1024);
    table.read("tokens", rules.ceilings.tokens, 1, 1e12);
    table.read("samples", rules.ceilings.samples, 1, 1024);
    table.read("seconds", rules.ceilings.seconds, 0.1, 1e6);
    table.read("tokens_per_day", rules.tokens_per_day, 0, 1e15);
    table.read("tokens_per_month", rules.tokens_per_month, 0, 1e15);
    table.finish();
    if (rules.name.empty()) table.fail(element, "name", "is missing");
    try {
      Keys().add_digest(rules, key.sha256);
    } catch (const Error& error) {
      table.fail(element, "sha256", error.what());
    }
    for (const ServeConfig::Key& other : config.keys)
      if (other.rules.name == rules.name) table.fail(element, "name", "is there twice");
    config.keys.push_back(std::move(key));
  }
}

}  // namespace

void add_model(std::vector<ServeConfig::Model>& models, ServeConfig::Model model) {
  const std::string& name = model.name;
  if (name.empty() || name == "default" || name == "reckon/auto" || name.find('@') != std::string::npos)
    throw Error(Code::invalid_request,
                fmt::format("'{}' cannot be the name of a model: no default, no reckon/auto, nothing with an @", name));
  if (std::ranges::find(models, name, &ServeConfig::Model::name) != models.end())
    throw Error(Code::invalid_request, fmt::format("'{}' is there twice", name));
  if (model.file.empty()) model.file = name;
  models.push_back(std::move(model));
}

ServeConfig parse_config(std::string_view text, const std::string& file) {
  toml::table root;
  try {
    root = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    throw Error(Code::invalid_request, fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()));
  }
  ServeConfig config;
  Table table(root, file, "");
  table.read("listen", config.listen);
  std::string model;
  table.read("model", model);
  if (const toml::node* models = table.node("models")) {
    if (!model.empty()) table.fail(*root.get("model"), "model", "and [[models]] exclude each other");
    read_models(table, *models, file, config);
  } else if (!model.empty()) {
    add_model(config.models, {model, model});
  }
  read_engine(table, config.engine);
  table.read("memory_limit", config.memory_limit, 0.001, 1e6);
  table.read("log", config.log);
  table.read("record", config.record);
  table.read("calibration", config.calibration);
  table.read("ledger", config.ledger);
  table.read("ledger_sync", config.ledger_sync);
  if (config.ledger_sync != "second" && config.ledger_sync != "commit")
    table.fail(*root.get("ledger_sync"), "ledger_sync", "must be \"second\" or \"commit\"");
  table.read("cors", config.cors);
  table.read("allow_remote_without_keys", config.allow_remote_without_keys);
  table.read("drain_seconds", config.drain_seconds, 0, 86'400);
  if (const toml::node* limits = table.node("limits")) {
    if (!limits->is_table()) table.fail(*limits, "limits", "must be a [limits] table");
    read_limits(*limits->as_table(), file, config);
  }
  if (const toml::node* tls = table.node("tls")) {
    if (!tls->is_table()) table.fail(*tls, "tls", "must be a [tls] table");
    Table files(*tls->as_table(), file, "tls.");
    files.read("certificate", config.tls.certificate);
    files.read("key", config.tls.key);
    files.finish();
    if (config.tls.certificate.empty() || config.tls.key.empty())
      files.fail(*tls, config.tls.certificate.empty() ? "certificate" : "key", "is missing");
  }
  if (const toml::node* keys = table.node("keys")) read_keys(table, *keys, file, config);
  table.finish();
  return config;
}

}  // namespace reckon
