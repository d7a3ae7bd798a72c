#include "policy/calibration.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include <reckon/error.h>
#include <reckon/policy.h>

#include "base/parse_exact.h"
#include "policy/formulas.h"
#include "stats/stats.h"

namespace reckon {
namespace {

namespace json = boost::json;

constexpr const char* kFormat = "reckon-stop-calibration";
constexpr int kVersion = 1;

json::value index(const std::optional<int>& i) { return i ? json::value(*i) : json::value(nullptr); }

std::optional<int> read_index(const json::value& choice, const char* name, size_t points) {
  const json::value& value = choice.at(name);
  if (value.is_null()) return std::nullopt;
  auto i = value.to_number<int64_t>();
  if (i < 0 || i >= static_cast<int64_t>(points))
    throw Error(Code::invalid_request, fmt::format("choice.{} is not one of its points", name));
  return static_cast<int>(i);
}

Calibration read(const json::value& all) {
  auto text = [](const json::value& value) { return std::string(value.as_string()); };
  auto numbers = [](const json::value& value) { return json::value_to<std::vector<double>>(value); };
  Calibration c;
  c.model = text(all.at("model"));
  c.task = text(all.at("task"));
  c.dataset = text(all.at("dataset"));
  c.created = text(all.at("created"));
  c.source_sha256 = text(all.at("source_sha256"));
  c.questions = all.at("questions").to_number<int>();
  c.draws = all.at("draws").to_number<int>();
  c.orders = all.at("orders").to_number<int>();
  c.mean_draw = all.at("tbar").to_number<double>();
  c.log_length_mean = all.at("log_len").at("mean").to_number<double>();
  c.log_length_sd = all.at("log_len").at("sd").to_number<double>();
  c.pair_agreement = all.at("pair_agreement").to_number<double>();
  c.curve_accuracy = numbers(all.at("sc_curve").at("acc"));
  c.curve_tokens = numbers(all.at("sc_curve").at("tokens"));
  for (const json::value& point : all.at("points").as_array()) {
    auto number = [&](const char* name) { return point.at(name).to_number<double>(); };
    c.points.push_back({text(point.at("policy")), number("acc"), number("tokens"), number("d"), number("d_lo"),
                        number("x64"), number("risk"), number("risk_hi")});
    parse_policy(c.points.back().policy);  // refuses what this version does not know
  }
  c.target_points = all.at("target_pp").to_number<double>();
  if (const json::value& risk = all.at("max_risk"); !risk.is_null()) c.max_risk = risk.to_number<double>();
  const json::value& choice = all.at("choice");
  c.economy = read_index(choice, "economy", c.points.size());
  c.balanced = read_index(choice, "balanced", c.points.size());
  c.quality = read_index(choice, "quality", c.points.size());
  c.passed = all.at("passed").as_bool();
  c.verdict = text(all.at("verdict"));
  return c;
}

}  // namespace

std::string to_json(const Calibration& c) {
  json::array points, ns;
  for (const Calibration::Point& p : c.points)
    points.push_back(json::object{{"policy", p.policy},
                                  {"acc", p.accuracy},
                                  {"tokens", p.tokens},
                                  {"d", p.d},
                                  {"d_lo", p.d_lo},
                                  {"x64", p.x64},
                                  {"risk", p.risk},
                                  {"risk_hi", p.risk_hi}});
  for (size_t n = 1; n <= c.curve_accuracy.size(); ++n) ns.push_back(n);
  json::object all{
      {"format", kFormat},
      {"version", kVersion},
      {"model", c.model},
      {"task", c.task},
      {"dataset", c.dataset},
      {"created", c.created},
      {"source_sha256", c.source_sha256},
      {"questions", c.questions},
      {"draws", c.draws},
      {"orders", c.orders},
      {"tbar", c.mean_draw},
      {"log_len", {{"mean", c.log_length_mean}, {"sd", c.log_length_sd}}},
      {"pair_agreement", c.pair_agreement},
      {"points", std::move(points)},
      {"sc_curve",
       {{"n", std::move(ns)},
        {"acc", json::value_from(c.curve_accuracy)},
        {"tokens", json::value_from(c.curve_tokens)}}},
      {"choice", {{"economy", index(c.economy)}, {"balanced", index(c.balanced)}, {"quality", index(c.quality)}}},
      {"target_pp", c.target_points},
      {"max_risk", c.max_risk ? json::value(*c.max_risk) : json::value(nullptr)},
      {"passed", c.passed},
      {"verdict", c.verdict}};
  return json::serialize(all) + "\n";
}

Calibration parse_calibration(std::string_view text) {
  boost::system::error_code broken;
  json::value all = parse_exact(text, broken);
  if (broken || !all.is_object() || !all.as_object().contains("format") || all.at("format") != kFormat)
    throw Error(Code::invalid_request, "this is not a calibration written by reckon calibrate");
  if (const json::value* version = all.as_object().if_contains("version"); !version || *version != kVersion)
    throw Error(
        Code::invalid_request,
        fmt::format("this calibration has another version than {}; make a new one with reckon calibrate", kVersion));
  try {
    return read(all);
  } catch (const std::exception& error) {
    throw Error(Code::invalid_request, fmt::format("the calibration is damaged: {}", error.what()));
  }
}

CalibratedPolicy calibrated_policy(const Calibration& c, std::string_view model, std::string_view task,
                                   std::string_view preset) {
  CalibratedPolicy result{.policy = parse_policy(preset)->text()};
  std::optional<int> point = preset == "economy"    ? c.economy
                             : preset == "balanced" ? c.balanced
                             : preset == "quality"  ? c.quality
                                                    : std::nullopt;
  if (c.model != model) result.ignored = fmt::format("the calibration is for the model {}, not {}", c.model, model);
  else if (c.task != task) result.ignored = fmt::format("the calibration is for the task {}, not {}", c.task, task);
  else if (!c.passed) result.ignored = "the calibration did not reach its target: " + c.verdict;
  else if (!point) result.ignored = fmt::format("the calibration has no point for {}", preset);
  else result.policy = c.points[*point].policy;
  return result;
}

std::string harder_than_calibrated(const Calibration& c, int pairs, int agreeing) {
  if (pairs < 1 || clopper_pearson_upper(agreeing, pairs, 0.99) >= c.pair_agreement) return "";
  return fmt::format(
      "the first two answers agree on {:.0f} % of these questions but on {:.0f} % of the calibration's: "
      "they are harder, and the calibrated policy may stop too early",
      100.0 * agreeing / pairs, 100 * c.pair_agreement);
}

}  // namespace reckon
