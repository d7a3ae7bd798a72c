#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

#include "app/access_log.h"
#include "app/commands.h"
#include "app/policy_flags.h"
#include "app/recorder.h"
#include "app/serve_models.h"
#include "net/http_server.h"
#include "serve/api_tables.h"
#include "serve/config.h"
#include "serve/service.h"
#include "store/ledger.h"

#include <reckon/error.h>

namespace reckon {
namespace {

struct Options {
  std::string config;
  bool check = false, tables = false;
  std::optional<std::string> listen, policy, log, record, ledger;
  std::optional<double> memory_limit;
  PolicyFlags choice;
  int context = 0, threads = 0, kv_cells = 0, max_tokens = 0, active = 0;
  std::vector<std::string> models, keys;
  bool allow_remote_without_keys = false;
};

// The first SIGTERM or Ctrl-C calls `end`, the second ends the process; SIGHUP calls `reload`.
class Signals {
 public:
  Signals(AsioLoop& loop, std::function<void()> end, std::function<void()> reload)
      : end_(std::move(end)), reload_(std::move(reload)), signals_(loop.context(), SIGINT, SIGTERM, SIGHUP) {
    wait();
  }
  Arrival<bool> stop;

 private:
  void wait() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        reload_();
        return wait();
      }
      if (stop.arrived()) _exit(130);
      stop.deliver(true);
      end_();
      wait();
    });
  }
  std::function<void()> end_, reload_;
  boost::asio::signal_set signals_;
};

ServeConfig configure(const Options& options) {
  ServeConfig config;
  if (!options.config.empty()) {
    std::ifstream in(options.config);
    if (!in) throw Error(Code::not_found, fmt::format("cannot read {}", options.config));
    config = parse_config(std::string(std::istreambuf_iterator<char>(in), {}), options.config);
  }
  if (options.listen) config.listen = *options.listen;
  if (!options.models.empty()) config.models.clear();
  for (const std::string& model : options.models) add_model(config.models, {model, model});
  if (config.models.empty()) add_model(config.models, {"qwen2.5-coder-1.5b", ""});
  if (options.memory_limit) config.memory_limit = options.memory_limit;
  if (options.policy) config.limits.strategy = *options.policy;
  if (options.log) config.log = *options.log;
  if (options.record) config.record = *options.record;
  if (options.ledger) config.ledger = *options.ledger;
  if (options.context > 0) config.engine.context = options.context;
  if (options.threads > 0) config.engine.threads = options.threads;
  if (options.kv_cells > 0) config.engine.kv_cells = options.kv_cells;
  if (options.max_tokens > 0) config.limits.max_tokens = options.max_tokens;
  if (options.active > 0) config.limits.active = options.active;
  config.allow_remote_without_keys |= options.allow_remote_without_keys;
  if (options.choice.price) config.limits.price = options.choice.price;
  if (!options.choice.calibration.empty()) config.calibration = options.choice.calibration;
  if (auto calibration = PolicyFlags{.calibration = config.calibration}.read_calibration())
    config.limits.calibration = std::make_shared<const Calibration>(*calibration);
  if (!config.tls.empty()) check_tls(config.tls);
  (void)strategy_of(config.limits.strategy, config.limits);
  if (!is_loopback(config.listen) && config.keys.empty() && options.keys.empty() && !config.allow_remote_without_keys)
    throw Error(Code::invalid_request, fmt::format("{} can be reached from other machines and there is no API key: add "
                                                   "one, or say --allow-remote-without-keys",
                                                   config.listen));
  return config;
}

Keys all_keys(const ServeConfig& config, const Options& options) {
  Keys keys;
  for (const ServeConfig::Key& key : config.keys) keys.add_digest(key.rules, key.sha256);
  for (size_t i = 0; i < options.keys.size(); ++i) keys.add({.name = fmt::format("key{}", i + 1)}, options.keys[i]);
  return keys;
}

Task<bool> ended(HttpServer& server) {
  co_await server.drained();
  co_return true;
}

// From loading the first model to the last request after a signal. The exit code.
Task<int> live(Service& service, HttpServer& server, Arrival<bool> stop, double drain_seconds) {
  try {
    co_await service.open();
    fmt::print(stderr, "reckon: ready\n");
  } catch (const Error&) {
    if (!stop.arrived()) throw;
  }
  co_await stop;
  fmt::print(stderr, "reckon: finishing the requests under way\n");
  server.drain();
  auto limit = std::chrono::duration_cast<Loop::Clock::duration>(std::chrono::duration<double>(drain_seconds));
  bool clean = (co_await within(limit, ended(server))).has_value();
  if (!clean) fmt::print(stderr, "reckon: {} connections were cut off\n", server.connections());
  server.cut();
  co_await service.settled();
  co_return clean ? 0 : 1;
}

// Limits, keys and origins as the file has them now; what is wrong with it is said and changes nothing.
void reload(const Options& options, const ServeConfig& running, Service& service, HttpServer& server) {
  try {
    ServeConfig config = configure(options);
    if (!config.tls.empty() && !running.tls.empty()) server.use_tls(config.tls);
    service.reconfigure(config.limits, all_keys(config, options), config.cors);
    fmt::print(stderr, "reckon: limits, keys and certificates were read again\n");
    if (config.listen != running.listen || config.models != running.models || config.engine != running.engine ||
        config.memory_limit != running.memory_limit || config.tls.empty() != running.tls.empty() ||
        config.log != running.log || config.ledger != running.ledger || config.ledger_sync != running.ledger_sync)
      fmt::print(stderr,
                 "reckon: listen, models and their memory, log, ledger, and whether there is TLS change with a restart "
                 "only\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "reckon: nothing was changed: {}\n", error.what());
  }
}

int serve(const Options& options) {
  if (options.tables) {
    fmt::print("{}", api_tables());
    return 0;
  }
  ServeConfig config = configure(options);
  if (options.check) {
    fmt::print("{} is fine\n", options.config.empty() ? "the configuration" : options.config);
    return 0;
  }
  ServiceOptions how{.memory_limit = static_cast<int64_t>(config.memory_limit.value_or(0) * (1 << 30)),
                     .limits = config.limits,
                     .keys = all_keys(config, options),
                     .cors = config.cors,
                     .version = RECKON_VERSION};
  AccessLog log(config.log);
  if (!config.log.empty()) how.log = [&log](const std::string& line) { log.write(line); };
  std::unique_ptr<Recorder> recorder;
  if (!config.record.empty()) {
    recorder = std::make_unique<Recorder>(config.record);
    how.runner = [&recorder](const Question& question, const Strategy& strategy, Model& model, const Verifier& verifier,
                             RunOptions run) {
      return recorder->run(question, strategy, model, verifier, std::move(run));
    };
  }

  AsioLoop loop;
  how.models = offered_models(config, loop);
  Ledger ledger(config.ledger.empty() ? Ledger::standard_path() : config.ledger,
                std::chrono::seconds(config.ledger_sync == "commit" ? 0 : 1));
  how.books.ledger = [&ledger](LedgerEntry entry) { return ledger.append_async(std::move(entry)); };
  how.books.spent = [&ledger](const std::string& key, int64_t since) { return ledger.spent(key, since); };
  how.books.report = [](const std::string& line) { fmt::print(stderr, "reckon: {}\n", line); };
  Service service(loop, std::move(how));
  HttpServer* listening = nullptr;
  HttpServer server(loop, config.http, [&](const HttpRequest& request, Responder& responder) {
    service.connections(listening->connections());
    return service.handle(request, responder);
  });
  listening = &server;
  if (!config.tls.empty()) server.use_tls(config.tls);
  server.listen(config.listen);
  auto again = [&] {
    log.reopen();
    reload(options, config, service, server);
  };
  Signals signals(loop, [&] { service.drain(); }, again);
  fmt::print(stderr, "reckon: listening on {}\n", server.url());
  int code = loop.run(live(service, server, signals.stop, config.drain_seconds));
  ledger.close();
  return code;
}

}  // namespace

Command serve_command() {
  auto o = std::make_shared<Options>();  // owned by both functions
  return {.name = "serve",
          .summary = "An HTTP server that OpenAI and Anthropic clients can use.",
          .example = "reckon serve --model qwen2.5-coder-1.5b --listen 127.0.0.1:8080",
          .declare =
              [o](Flags& flags) {
                flags.option("--config", o->config, "TOML file; options given here come before it.");
                flags.flag("--check-config", o->check, "Check the configuration and end.");
                flags.flag("--tables", o->tables, "Print the tables of docs/api.md and end.");
                flags.option("--listen", o->listen, "HOST:PORT or unix:/path [127.0.0.1:8080]; port 0: any free one.");
                flags.option("--model", o->models,
                             "Alias, hf:REPO/FILE or path [qwen2.5-coder-1.5b]; several may be given.");
                flags.option("--memory-limit", o->memory_limit, "GiB of all loaded models; idle ones make room.");
                flags.option("--kv-cells", o->kv_cells, "Tokens that all branches of a model keep; 0: as configured.");
                flags.option("--policy", o->policy, "For requests that name none: single, auto, sc8, ... [single].");
                o->choice.declare_price(flags);
                o->choice.declare_calibration(flags);
                flags.option("--context", o->context, "Tokens of prompt and answer together; 0: as configured (4096).");
                flags.option("--threads", o->threads, "Threads of the engine; 0: the cores that are free.");
                flags.option("--max-tokens", o->max_tokens,
                             "Tokens of a sample where a request does not say; 0: as configured (1024).");
                flags.option("--active", o->active, "Requests that run at once; 0: as configured (8).");
                flags.option("--api-key", o->keys, "A key that clients must send; several may be given.");
                flags.option("--log", o->log, "File for one JSON line a request, without prompts; -: standard error.");
                flags.option("--record", o->record, "Recording of every run, with its prompt and samples.");
                flags.option("--ledger", o->ledger, "File of the ledger; by default the user's own.");
                flags.flag("--allow-remote-without-keys", o->allow_remote_without_keys,
                           "Listen beyond this machine though everyone may ask.");
              },
          .run = [o] { return serve(*o); }};
}

}  // namespace reckon
