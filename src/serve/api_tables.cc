#include "serve/api_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "serve/config.h"
#include "serve/refusal.h"
#include "serve/service.h"

namespace reckon {
namespace {

std::string table(std::string_view name, std::string_view head, const std::string& rows) {
  std::string line = "|";
  for (auto columns = std::ranges::count(head, '|') - 1; columns > 0; --columns) line += "---|";
  return fmt::format("<!-- table: {} -->\n{}\n{}\n{}", name, head, line, rows);
}

std::string policies() {
  std::string rows;
  for (const NamedPolicy& policy : named_policies({}, true))
    rows += fmt::format("| `@{}` | `{}` |\n", policy.name, policy.strategy);
  return table("policies", "| suffix | strategy |", rows);
}

std::string errors() {
  std::string rows;
  auto add = [&](int status, std::string_view code, std::string_view meaning) {
    rows += fmt::format("| {} | `{}` | `{}`, `{}` | {} |\n", status, code, openai_type(status), anthropic_type(status),
                        meaning);
  };
  for (const ApiCode& code : api_codes()) add(code.status, code.name, code.meaning);
  for (auto [code, meaning] : {std::pair{Code::budget_exhausted, "the budget does not pay for the prompt"},
                               std::pair{Code::cancelled, "the request was ended before it ran"},
                               std::pair{Code::invalid_request, "anything else that is wrong with the request"},
                               std::pair{Code::internal, "a bug in Reckon"}})
    add(http_status(code), name(code), meaning);
  return table("errors", "| status | code | types (OpenAI, Anthropic) | |", rows);
}

std::string configuration() {
  std::string rows;
  for (const ConfigKey& key : config_keys())
    rows += fmt::format("| `{}` | {} | {} | {} |\n", key.name, key.values,
                        key.standard.empty() ? "" : fmt::format("`{}`", key.standard), key.help);
  return table("configuration", "| key | values | default | |", rows);
}

// Those of an empty server: every family tells its name, type and meaning.
std::string metrics() {
  const std::string all = Metrics().text();
  std::string rows;
  for (std::string_view text = all, help; !text.empty();) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.starts_with("# HELP ")) help = line.substr(7);
    if (!line.starts_with("# TYPE ")) continue;
    size_t end = help.find(' ');
    rows += fmt::format("| `{}` | {} | {} |\n", help.substr(0, end), line.substr(7 + end + 1), help.substr(end + 1));
  }
  return table("metrics", "| metric | type | |", rows);
}

// Requests that hold every object which has fields of its own.
constexpr std::string_view kOpenAi =
    R"("model":"m","stream_options":{},"reasoning":{},"custom_params":{},"chat_template_kwargs":{},"reckon":{"budget":{},"stream":{}})";

struct Sketch {
  std::string_view surface, fields;
  Ask (*parse)(const HttpRequest&, const ServeLimits&, const Capabilities&);
};
constexpr Sketch kSketches[] = {
    {"chat", R"("messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f"}}])",
     parse_chat},
    {"completions", R"("prompt":"x")", parse_completion},
    {"responses", R"("input":"x","text":{},"tools":[{"type":"function","name":"f"}])", parse_responses},
    {"messages",
     R"("messages":[{"role":"user","content":"x"}],"max_tokens":9,"tools":[{"name":"f"}],"thinking":{"type":"disabled"},"output_config":{})",
     parse_messages},
};

std::string fields() {
  const Capabilities able{.name = "m", .context = 1000, .tools = true};
  std::map<std::string, std::array<std::vector<std::string_view>, 3>> found;  // surfaces that read, ignore, refuse it
  for (const Sketch& sketch : kSketches) {
    HttpRequest request{.method = "POST", .path = "", .body = fmt::format("{{{},{}}}", kOpenAi, sketch.fields)};
    for (const KnownFields& object : sketch.parse(request, {}, able).known) {
      auto add = [&](const std::set<std::string_view>& names, size_t kind) {
        for (std::string_view name : names) found[object.where + std::string(name)][kind].push_back(sketch.surface);
      };
      std::set<std::string_view> read = object.names;
      for (const auto& others : {object.ignored, object.refused})
        for (std::string_view name : others) read.erase(name);
      add(read, 0), add(object.ignored, 1), add(object.refused, 2);
    }
  }
  std::map<std::pair<size_t, std::vector<std::string_view>>, std::vector<std::string>> groups;
  for (const auto& [name, kinds] : found)
    for (size_t kind = 0; kind < kinds.size(); ++kind)
      if (!kinds[kind].empty()) groups[{kind, kinds[kind]}].push_back(fmt::format("`{}`", name));
  constexpr std::array kKinds{"read", "known, without effect", "refused"};
  std::string rows;
  for (const auto& [group, names] : groups)
    rows += fmt::format(
        "| {} | {} | {} |\n", kKinds[group.first],
        group.second.size() == std::size(kSketches) ? "all" : fmt::format("{}", fmt::join(group.second, ", ")),
        fmt::join(names, ", "));
  return table("fields", "| | surfaces | fields |", rows);
}

}  // namespace

std::string api_tables() {
  return policies() + table("routes", "| route | |", Service::route_rows()) + fields() + errors() + configuration() +
         metrics();
}

}  // namespace reckon
