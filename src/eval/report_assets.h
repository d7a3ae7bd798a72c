#pragma once
#include <string_view>

// Files that go into every page, embedded by cmake/embed.cmake. uPlot: third_party/uplot.
namespace reckon::assets {

extern const std::string_view uplot_js, uplot_css, report_html, report_css, report_js;

}  // namespace reckon::assets
