#include "serve/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include "serve/keys.h"

#include <reckon/error.h>
#include <reckon/options.h>

namespace reckon {
namespace {

// Reads the keys of one table and refuses what nobody asked for. With `told` it is what every key is that is recorded.
class Table {
 public:
  Table(const toml::table& table, std::string file, std::string where, std::vector<ConfigKey>* told = nullptr)
      : table_(table), file_(std::move(file)), where_(std::move(where)), told_(told) {}

  void read(const char* key, std::string& value, const char* help) {
    tell(key, "text", value.empty() ? "" : fmt::format("\"{}\"", value), help);
    get(key, value, "a string");
  }
  void read(const char* key, bool& value, const char* help) {
    tell(key, "true or false", value ? "true" : "false", help);
    get(key, value, "true or false");
  }
  template <class T>
  void read(const char* key, T& value, double low, double high, const char* help) {
    tell(key, fmt::format("{}..{}", low, high), fmt::format("{}", value), help);
    get_number(key, value, low, high);
  }
  template <class T>
  void read(const char* key, std::optional<T>& value, double low, double high, const char* help) {
    tell(key, fmt::format("{}..{}", low, high), "", help);
    if (node(key)) get_number(key, value.emplace(), low, high);
  }
  void read(const char* key, std::chrono::milliseconds& time, double low, double high, const char* help) {
    double seconds = std::chrono::duration<double>(time).count();
    read(key, seconds, low, high, help);
    time = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
  }
  void read(const char* key, std::vector<std::string>& texts, const char* help) {
    tell(key, "list of texts", "[]", help);
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
  void tell(const char* key, std::string values, std::string standard, const char* help) {
    if (told_) told_->push_back({where_ + key, std::move(values), std::move(standard), help});
  }
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
  template <class T>
  void get_number(const char* key, T& value, double low, double high) {
    std::conditional_t<std::is_integral_v<T>, int64_t, double> given = 0;
    if (!get(key, given, std::is_integral_v<T> ? "a whole number" : "a number")) return;
    if (static_cast<double>(given) < low || static_cast<double>(given) > high)
      fail(*table_.get(key), key, fmt::format("must be in {}..{}", low, high));
    value = static_cast<T>(given);
  }
  const toml::table& table_;
  std::string file_, where_;
  std::vector<ConfigKey>* told_;
  std::vector<std::string> known_;
};

void read_engine(Table& table, ServeConfig::Engine& engine) {
  table.read("context", engine.context, 16, 10'000'000, "tokens of prompt and answer together, 4096 where absent");
  table.read("threads", engine.threads, 0, 512, "of the engine; where absent or 0, the cores that are free");
  table.read("gpu_layers", engine.gpu_layers, -1, 10'000,
             "layers of the model on a GPU; where absent or -1, all that fit");
  table.read("kv_cells", engine.kv_cells, 0, 100'000'000,
             "tokens that all branches keep in memory; 0: chosen by Reckon");
}

void read_server(Table& table, std::string& model, ServeConfig& config) {
  table.read("listen", config.listen, "also `[::1]:8080`, `:8080` (all addresses), `unix:/run/reckon.sock`");
  table.read("model", model, "alias, hf:REPO/FILE or path; several: `[[models]]`");
  read_engine(table, config.engine);
  table.read("memory_limit", config.memory_limit, 0.001, 1e6,
             "GiB of all loaded models; where absent nothing is unloaded");
  table.read("log", config.log, "file of the access log, `-` for standard error; empty: none");
  table.read("record", config.record, "file of every run with its prompt and samples; empty: nothing is kept");
  table.read("calibration", config.calibration,
             "file of `reckon calibrate`, for adaptive votes where model and task match");
  table.read("ledger", config.ledger, "file; empty: the user's own");
  table.read("ledger_sync", config.ledger_sync, "or \"commit\", see \"Ledger\"");
  table.read("cors", config.cors, "pages of these origins may ask; `*`: all");
  table.read("allow_remote_without_keys", config.allow_remote_without_keys, "listen beyond this machine without keys");
  table.read("drain_seconds", config.drain_seconds, 0, 86'400, "for requests under way after SIGTERM");
}

void read_limits(Table& table, ServeConfig& config) {
  ServeLimits& limits = config.limits;
  table.read("policy", limits.strategy, "of requests that name none");
  table.read("max_tokens", limits.max_tokens, 1, 10'000'000, "of a sample, where a request does not say");
  table.read("samples", limits.samples, 1, 1024, "ceiling of every request");
  table.read("tokens", limits.tokens, 1, 1e12, "ceiling of every request, computed");
  table.read("seconds", limits.seconds, 0.1, 1e6, "ceiling of every request");
  table.read("active", limits.active, 1, 1024, "requests that run at once");
  table.read("queue", limits.queue, 0, 100'000, "requests that wait; one more is 429");
  table.read("body_bytes", config.http.body_bytes, 1024, 1e9, "of a request");
  table.read("header_bytes", config.http.header_bytes, 1024, 1e6, "of a request");
  table.read("connections", config.http.connections, 1, 1'000'000, "at once");
  table.read("header_seconds", config.http.header_time, 0.1, 3600, "for the headers of a request to arrive");
  table.read("body_seconds", config.http.body_time, 0.1, 3600, "then for its body");
  table.read("idle_seconds", config.http.idle_time, 0.1, 3600, "between requests of a connection");
  table.read("shallower_under_load", limits.shallower_under_load, "see \"Keys and load\"");
  table.read("price", limits.price, 1e-6, 1, "what a draw must bring, in vote flips: for `auto` and adaptive:rule=voc");
}

void read_tls(Table& table, TlsFiles& tls) {
  table.read("certificate", tls.certificate, "file in PEM, with its chain; TLS 1.2 and 1.3");
  table.read("key", tls.key, "file in PEM");
}

void read_model(Table& table, ServeConfig::Model& model) {
  table.read("name", model.name, "in requests");
  table.read("model", model.file, "alias, hf:REPO/FILE or path; empty: the name");
  read_engine(table, model.engine);
}

void read_key(Table& table, ServeConfig::Key& key) {
  KeyRules& rules = key.rules;
  table.read("name", rules.name, "in the ledger and the log");
  table.read("sha256", key.sha256, "of the key: `printf %s \"$KEY\" | sha256sum`");
  table.read("weight", rules.weight, 0.001, 1000, "share of the server when others wait too");
  table.read("active", rules.active, 1, 1024, "requests at once");
  table.read("tokens", rules.ceilings.tokens, 1, 1e12, "ceiling of each request");
  table.read("samples", rules.ceilings.samples, 1, 1024, "ceiling of each request");
  table.read("seconds", rules.ceilings.seconds, 0.1, 1e6, "ceiling of each request");
  table.read("tokens_per_day", rules.tokens_per_day, 0, 1e15, "computed, in days of UTC");
  table.read("tokens_per_month", rules.tokens_per_month, 0, 1e15, "computed, in months of UTC");
}

void take_limits(const toml::table& section, const std::string& file, ServeConfig& config) {
  Table table(section, file, "limits.");
  read_limits(table, config);
  table.finish();
  try {
    strategy_of(config.limits.strategy, config.limits);
  } catch (const Error& error) {
    table.fail(*section.get("policy"), "policy", error.what());
  }
}

void take_models(Table& top, const toml::node& node, const std::string& file, ServeConfig& config) {
  const toml::array* list = node.as_array();
  if (!list || !list->is_array_of_tables() || list->empty()) top.fail(node, "models", "must be [[models]] tables");
  for (const toml::node& element : *list) {
    Table table(*element.as_table(), file, "models.");
    ServeConfig::Model model;
    read_model(table, model);
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

void take_keys(Table& top, const toml::node& node, const std::string& file, ServeConfig& config) {
  const toml::array* list = node.as_array();
  if (!list || !list->is_array_of_tables()) top.fail(node, "keys", "must be [[keys]] tables");
  for (const toml::node& element : *list) {
    Table table(*element.as_table(), file, "keys.");
    ServeConfig::Key key;
    read_key(table, key);
    table.finish();
    if (key.rules.name.empty()) table.fail(element, "name", "is missing");
    try {
      Keys().add_digest(key.rules, key.sha256);
    } catch (const Error& error) {
      table.fail(element, "sha256", error.what());
    }
    for (const ServeConfig::Key& other : config.keys)
      if (other.rules.name == key.rules.name) table.fail(element, "name", "is there twice");
    config.keys.push_back(std::move(key));
  }
}

void take_tls(const toml::node& node, const toml::table& section, const std::string& file, TlsFiles& tls) {
  Table table(section, file, "tls.");
  read_tls(table, tls);
  table.finish();
  if (tls.certificate.empty() || tls.key.empty())
    table.fail(node, tls.certificate.empty() ? "certificate" : "key", "is missing");
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
  std::string model;
  read_server(table, model, config);
  if (const toml::node* models = table.node("models")) {
    if (!model.empty()) table.fail(*root.get("model"), "model", "and [[models]] exclude each other");
    take_models(table, *models, file, config);
  } else if (!model.empty()) {
    add_model(config.models, {model, model});
  }
  if (config.ledger_sync != "second" && config.ledger_sync != "commit")
    table.fail(*root.get("ledger_sync"), "ledger_sync", "must be \"second\" or \"commit\"");
  if (const toml::node* limits = table.node("limits")) {
    if (!limits->is_table()) table.fail(*limits, "limits", "must be a [limits] table");
    take_limits(*limits->as_table(), file, config);
  }
  if (const toml::node* tls = table.node("tls")) {
    if (!tls->is_table()) table.fail(*tls, "tls", "must be a [tls] table");
    take_tls(*tls, *tls->as_table(), file, config.tls);
  }
  if (const toml::node* keys = table.node("keys")) take_keys(table, *keys, file, config);
  table.finish();
  return config;
}

std::vector<ConfigKey> config_keys() {
  std::vector<ConfigKey> keys;
  const toml::table empty;
  auto section = [&](const char* where) { return Table(empty, "", where, &keys); };
  ServeConfig config;
  std::string model;
  Table top = section(""), limits = section("limits."), tls = section("tls.");
  Table models = section("models."), key = section("keys.");
  read_server(top, model, config);
  read_limits(limits, config);
  read_tls(tls, config.tls);
  ServeConfig::Model one_model;
  read_model(models, one_model);
  ServeConfig::Key one_key;
  read_key(key, one_key);
  return keys;
}

}  // namespace reckon
