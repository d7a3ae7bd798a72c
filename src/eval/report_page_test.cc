#include "eval/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "eval/report_replay.h"

namespace reckon {
namespace {

using testing::HasSubstr;
using testing::Not;

// What stands in the page's data, from its beginning to the end of the element.
std::string data_of(const std::string& html) {
  size_t begin = html.find("id=\"data\">") + 10;
  return html.substr(begin, html.find("</script>", begin) - begin);
}

TEST(ReportPage, TextFromOutsideCannotEndItsElement) {
  Page page{.title = "<b>", .command = "reckon </script><script>alert(1)</script>"};
  std::string html = to_html(page);
  EXPECT_THAT(html, HasSubstr("<title>&lt;b&gt;</title>"));
  EXPECT_THAT(data_of(html), HasSubstr("alert(1)"));
  EXPECT_THAT(data_of(html), Not(HasSubstr("<")));
}

TEST(ReportPage, NeedsNothingFromElsewhere) {
  std::string html = to_html({.title = "t"});
  for (const char* fetch : {"src=\"", "href=\"", "@import", "url("}) EXPECT_THAT(html, Not(HasSubstr(fetch)));
  EXPECT_THAT(html, HasSubstr("uPlot"));
}

TEST(ReportPage, NumbersThatDoNotExistAreNull) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  Page page{.title = "t"};
  page.sections.push_back({.title = "s", .plot = {.points = {{.name = "p", .x = nan, .y = 0.5}}}});
  EXPECT_THAT(data_of(to_html(page)), HasSubstr("{\"name\":\"p\",\"x\":null,\"y\":5E-1,\"lo\":null,\"hi\":null}"));
}

TEST(ReportPage, AReplayShowsTheMeanFirstAndAnUnreachableRatioAsSuch) {
  PoolReport pool{.name = "pool",
                  .questions = 2,
                  .most = 2,
                  .curve_accuracy = {0.5, 0.75},
                  .curve_cost = {1, 2},
                  .rows = {{.policy = "lead", .accuracy = 0.9, .tokens = 300, .cost = 1.5}},
                  .per_question = {{.pool = "pool", .question = "q", .policy = "lead"}}};
  pool.rows[0].ratio = {
      .value = std::numeric_limits<double>::infinity(), .lo = 1.5, .hi = std::numeric_limits<double>::infinity()};
  ReplayReport report{.pools = {pool, pool}, .macro = pool};
  Page page = replay_page(report);
  ASSERT_EQ(page.sections.size(), 3);
  EXPECT_EQ(page.sections[0].title, "mean of 2 pools");
  EXPECT_EQ(page.sections[0].plot.points[0].x, 1.5);
  EXPECT_EQ(page.sections[1].plot.points[0].x, 300);
  EXPECT_EQ(page.sections[1].plot.curves[0].x, (std::vector<double>{200, 400}));
  EXPECT_THAT(to_html(page), HasSubstr("unreachable"));
  EXPECT_EQ(page.details.rows.size(), 2);
}

}  // namespace
}  // namespace reckon
