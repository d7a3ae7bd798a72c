#include "eval/report_page.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cmath>

#include "eval/report_assets.h"

namespace reckon {
namespace {

namespace json = boost::json;

json::value number(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  return *value;
}

json::array numbers(const std::vector<double>& values) {
  json::array out;
  for (double value : values) out.push_back(number(value));
  return out;
}

const char* name(PageColumn::Kind kind) {
  switch (kind) {
    case PageColumn::Kind::text: return "text";
    case PageColumn::Kind::number: return "number";
    case PageColumn::Kind::percent: return "percent";
    case PageColumn::Kind::points: return "points";
  }
  return "text";
}

// Cells are kept short, there may be 100,000: a text, a number, or [number, lo, hi, text instead].
json::value cell(const PageCell& c, const PageColumn& column) {
  if (column.kind == PageColumn::Kind::text) return json::value(c.text);
  if (!c.lo && !c.hi && c.text.empty()) return number(c.number);
  return json::array{number(c.number), number(c.lo), number(c.hi), json::value(c.text)};
}

json::object table(const PageTable& t) {
  json::array columns, rows;
  for (const PageColumn& c : t.columns)
    columns.push_back(json::object{{"kind", name(c.kind)}, {"title", c.title}, {"help", c.help}, {"digits", c.digits}});
  for (const auto& row : t.rows) {
    json::array& out = rows.emplace_back(json::array{}).as_array();
    for (size_t i = 0; i < row.size() && i < t.columns.size(); ++i) out.push_back(cell(row[i], t.columns[i]));
  }
  return {{"columns", std::move(columns)}, {"rows", std::move(rows)}};
}

json::object plot(const PagePlot& p) {
  json::array curves, points;
  for (const PageCurve& c : p.curves)
    curves.push_back(json::object{{"name", c.name}, {"x", numbers(c.x)}, {"y", numbers(c.y)}});
  for (const PagePoint& point : p.points)
    points.push_back(json::object{{"name", point.name},
                                  {"x", number(point.x)},
                                  {"y", number(point.y)},
                                  {"lo", number(point.lo)},
                                  {"hi", number(point.hi)}});
  return {{"x_label", p.x_label},
          {"y_label", p.y_label},
          {"caption", p.caption},
          {"curves", std::move(curves)},
          {"points", std::move(points)}};
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else out += c;
  }
  return out;
}

// Inside a script element nothing may look like its end.
std::string for_script(std::string text) {
  for (size_t at = 0; (at = text.find('<', at)) != std::string::npos;) text.replace(at, 1, "\\u003c");
  return text;
}

}  // namespace

std::string to_html(const Page& page) {
  json::array sections, notes, choices;
  for (const PageSection& s : page.sections)
    sections.push_back(
        json::object{{"title", s.title}, {"subtitle", s.subtitle}, {"plot", plot(s.plot)}, {"table", table(s.table)}});
  for (const std::string& note : page.notes) notes.push_back(json::value(note));
  for (int column : page.detail_choices) choices.push_back(column);
  json::object data{{"title", page.title},
                    {"command", page.command},
                    {"notes", std::move(notes)},
                    {"sections", std::move(sections)},
                    {"details", table(page.details)},
                    {"detail_choices", std::move(choices)}};
  std::string html = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  html += "<meta name=\"color-scheme\" content=\"light dark\">\n";
  html += fmt::format("<title>{}</title>\n", escaped(page.title));
  html += fmt::format("<style>{}\n{}</style>\n</head>\n", assets::uplot_css, assets::report_css);
  html += std::string(assets::report_html);
  html += fmt::format("<script type=\"application/json\" id=\"data\">{}</script>\n", for_script(json::serialize(data)));
  html += fmt::format("<script>{}</script>\n", assets::uplot_js);
  html += fmt::format("<script>{}</script>\n</body>\n</html>\n", assets::report_js);
  return html;
}

}  // namespace reckon
