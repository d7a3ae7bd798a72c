#include "engine/batch_curve.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace reckon {
namespace {

namespace json = boost::json;

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 1);
  return "unknown";
}

std::filesystem::path file_of(const std::string& cache_dir, const std::string& key) {
  uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
  for (char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return std::filesystem::path(cache_dir) / fmt::format("batch-cost-{:016x}.json", hash);
}

}  // namespace

double BatchCurve::seconds(int tokens) const {
  if (costs.empty()) return 0;
  if (tokens >= costs.back().branches) return costs.back().seconds * tokens / costs.back().branches;
  for (size_t i = 1; i < costs.size(); ++i) {
    const BatchCost &low = costs[i - 1], &high = costs[i];
    if (tokens > high.branches) continue;
    double part = static_cast<double>(tokens - low.branches) / (high.branches - low.branches);
    return low.seconds + std::max(part, 0.0) * (high.seconds - low.seconds);
  }
  return costs.front().seconds;
}

std::string batch_curve_key(const std::string& path, const std::string& engine, int threads) {
  struct stat info{};
  stat(path.c_str(), &info);
  return fmt::format("{}|{}|{}|{}|{}|{} threads", path, info.st_size, info.st_mtime, engine, processor(), threads);
}

BatchCurve load_batch_curve(const std::string& cache_dir, const std::string& key) {
  BatchCurve curve;
  if (cache_dir.empty()) return curve;
  std::ifstream file(file_of(cache_dir, key));
  if (!file) return curve;
  std::stringstream text;
  text << file.rdbuf();
  try {
    json::object object = json::parse(text.str()).as_object();
    if (object.at("key").as_string() != key) return curve;
    for (const json::value& point : object.at("costs").as_array())
      curve.costs.push_back(
          {static_cast<int>(point.at("branches").as_int64()), point.at("seconds").to_number<double>()});
  } catch (const std::exception&) {
    curve.costs.clear();  // a broken file is measured again
  }
  return curve;
}

void save_batch_curve(const std::string& cache_dir, const std::string& key, const BatchCurve& curve) {
  if (cache_dir.empty() || !curve.quiet) return;
  json::array costs;
  for (const BatchCost& point : curve.costs)
    costs.push_back({{"branches", point.branches}, {"seconds", point.seconds}});
  json::object object{{"schema", "reckon.batch-cost/1"}, {"key", key}, {"costs", costs}};
  std::error_code error;
  std::filesystem::create_directories(cache_dir, error);
  std::filesystem::path path = file_of(cache_dir, key), part = path;
  part += fmt::format(".{}", getpid());
  {
    std::ofstream file(part);
    file << json::serialize(object) << '\n';
    if (!file) return;
  }
  std::filesystem::rename(part, path, error);
}

}  // namespace reckon
