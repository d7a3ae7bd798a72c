#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include <reckon/budget.h>

namespace reckon {

// The server's counters, as Prometheus reads them. One thread. A dozen numbers and a text of fixed shape: a metrics
// library would be longer than this file.
class Metrics {
 public:
  void answered(const std::string& route, int status) { ++requests_[{route, status}]; }
  void computed(const Usage& usage) { usage_ += usage; }
  void ran(double seconds);  // a request that was answered by the model
  void first_token(double seconds);
  void overrun() { ++overruns_; }

  int64_t cancelled = 0, rejected = 0, early_stops = 0, ledger_failures = 0;
  int active = 0, queued = 0, connections = 0;
  double mean_seconds() const { return time_.count > 0 ? time_.sum / static_cast<double>(time_.count) : 1; }
  const Usage& usage() const { return usage_; }
  std::string text() const;

 private:
  struct Histogram {
    static constexpr std::array kBounds{0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0};
    std::array<int64_t, kBounds.size()> below{};
    int64_t count = 0;
    double sum = 0;
    void add(double seconds);
    std::string text(const char* name, const char* help) const;
  };
  std::map<std::pair<std::string, int>, int64_t> requests_;
  Usage usage_;
  Histogram time_, first_;
  int64_t overruns_ = 0;
};

}  // namespace reckon
