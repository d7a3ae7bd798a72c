#pragma once
#include <optional>
#include <string>
#include <vector>

namespace reckon {

// A report as one self-contained HTML page: plots and tables that know nothing of where their numbers come from, so
// replay and eval share it. Numbers that are not finite are shown as a dash.
struct PageCurve {
  std::string name;
  std::vector<double> x, y;
};
struct PagePoint {
  std::string name;
  double x = 0, y = 0;
  std::optional<double> lo, hi;  // interval of y
};
// Accuracy (a share, shown in percent) against cost, which is drawn on a logarithmic axis.
struct PagePlot {
  std::string x_label, y_label;
  std::string caption;  // what the intervals are
  std::vector<PageCurve> curves;
  std::vector<PagePoint> points;
};
struct PageColumn {
  enum class Kind { text, number, percent, points } kind = Kind::text;
  std::string title;
  std::string help;  // shown on request
  int digits = 0;
};
struct PageCell {
  std::string text;              // text columns; otherwise shown instead of an absent number
  std::optional<double> number;  // what the column is sorted by
  std::optional<double> lo, hi;  // interval, shown behind it
};
struct PageTable {
  std::vector<PageColumn> columns;
  std::vector<std::vector<PageCell>> rows;
};
struct PageSection {  // for example a pool; the reader chooses one at a time
  std::string title, subtitle;
  PagePlot plot;
  PageTable table;  // one row per point, in the same order
};
struct Page {
  std::string title;
  std::string command;  // that made it
  std::vector<std::string> notes;
  std::vector<PageSection> sections;
  PageTable details;                // per question: sorted and filtered by the reader
  std::vector<int> detail_choices;  // text columns of `details` that get a menu of their values
};

std::string to_html(const Page& page);

}  // namespace reckon
