#include "verify/vocabulary.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "verify/scan.h"

namespace reckon::verify {
namespace {

using Name = std::string_view;
using Table = std::unordered_map<Name, Name>;

const Table& functions() {
  static const Table table = {{"sin", "sin"},
                              {"cos", "cos"},
                              {"tan", "tan"},
                              {"cot", "cot"},
                              {"sec", "sec"},
                              {"csc", "csc"},
                              {"arcsin", "asin"},
                              {"arccos", "acos"},
                              {"arctan", "atan"},
                              {"asin", "asin"},
                              {"acos", "acos"},
                              {"atan", "atan"},
                              {"sinh", "sinh"},
                              {"cosh", "cosh"},
                              {"tanh", "tanh"},
                              {"ln", "ln"},
                              {"log", "log"},
                              {"exp", "exp"},
                              {"sqrt", "sqrt"},
                              {"abs", "abs"},
                              {"Abs", "abs"},
                              {"cbrt", "cbrt"},
                              {"gcd", "gcd"},
                              {"lcm", "lcm"},
                              {"max", "max"},
                              {"min", "min"},
                              {"floor", "floor"},
                              {"ceil", "ceil"},
                              {"lg", "lg"},
                              {"cosec", "csc"},
                              {"arcsinh", "asinh"},
                              {"arccosh", "acosh"},
                              {"arctanh", "atanh"},
                              {"asinh", "asinh"},
                              {"acosh", "acosh"},
                              {"atanh", "atanh"},
                              {"factorial", "factorial"},
                              {"binomial", "binom"},
                              {"arccot", "acot"},
                              {"acot", "acot"},
                              {"coth", "coth"},
                              {"cis", "cis"},
                              {"sgn", "sgn"}};
  return table;
}

const Table& commands() {
  static const Table table = {{"dfrac", "frac"},
                              {"tfrac", "frac"},
                              {"cfrac", "frac"},
                              {"dbinom", "binom"},
                              {"tbinom", "binom"},
                              {"leq", "le"},
                              {"leqslant", "le"},
                              {"geq", "ge"},
                              {"geqslant", "ge"},
                              {"neq", "ne"},
                              {"lt", "lt"},
                              {"gt", "gt"},
                              {"ast", "cdot"},
                              {"times", "cdot"},
                              {"bullet", "cdot"},
                              {"varnothing", "emptyset"},
                              {"backslash", "setminus"},
                              {"lbrace", "{"},
                              {"rbrace", "}"},
                              {"lvert", "|"},
                              {"rvert", "|"},
                              {"vert", "|"},
                              {"mid", "|"},
                              {"degree", "circ"},
                              {"ldots", "dots"},
                              {"cdots", "dots"},
                              {"dotsc", "dots"},
                              {"overline", "repeat"},
                              {"bar", "repeat"},
                              {"dot", "dot"},
                              {"varphi", "phi"},
                              {"varepsilon", "epsilon"},
                              {"vartheta", "theta"},
                              {"land", "and"},
                              {"wedge", "and"},
                              {"lor", "or"},
                              {"vee", "or"},
                              {"thickapprox", "approx"},
                              {"simeq", "approx"},
                              {"lbrack", "["},
                              {"dots", "dots"},
                              {"rbrack", "]"},
                              {"percent", "%"},
                              {"colon", ":"},
                              {"bmatrix", "matrix"}};
  return table;
}

const Table& units() {
  static const Table table = {
      {"cm", "cm"},           {"centimeter", "cm"}, {"centimetre", "cm"},  {"mm", "mm"},
      {"millimeter", "mm"},   {"millimetre", "mm"}, {"meter", "m"},        {"metre", "m"},
      {"km", "km"},           {"kilometer", "km"},  {"kilometre", "km"},   {"inch", "in"},
      {"inche", "in"},        {"in", "in"},         {"ft", "ft"},          {"foot", "ft"},
      {"feet", "ft"},         {"yd", "yd"},         {"yard", "yd"},        {"mi", "mile"},
      {"mile", "mile"},       {"mph", "mile/hour"}, {"kph", "km/hour"},    {"kmh", "km/hour"},
      {"kmph", "km/hour"},    {"mg", "mg"},         {"milligram", "mg"},   {"kg", "kg"},
      {"kilogram", "kg"},     {"gram", "g"},        {"gm", "g"},           {"lb", "lb"},
      {"pound", "lb"},        {"oz", "oz"},         {"ounce", "oz"},       {"ton", "ton"},
      {"tonne", "tonne"},     {"ml", "ml"},         {"mL", "ml"},          {"milliliter", "ml"},
      {"millilitre", "ml"},   {"liter", "l"},       {"litre", "l"},        {"sec", "s"},
      {"second", "s"},        {"min", "minute"},    {"minute", "minute"},  {"hr", "hour"},
      {"hour", "hour"},       {"day", "day"},       {"week", "week"},      {"month", "month"},
      {"year", "year"},       {"yr", "year"},       {"ms", "ms"},          {"dollar", "$"},
      {"buck", "$"},          {"USD", "$"},         {"cent", "cent"},      {"euro", "euro"},
      {"EUR", "euro"},        {"GBP", "gbp"},       {"percent", "%"},      {"degree", "degree"},
      {"deg", "degree"},      {"radian", "radian"}, {"rad", "radian"},     {"unit", "unit"},
      {"calorie", "calorie"}, {"kcal", "kcal"},     {"cal", "calorie"},    {"joule", "J"},
      {"watt", "W"},          {"volt", "V"},        {"newton", "N"},       {"hz", "Hz"},
      {"Hz", "Hz"},           {"kHz", "kHz"},       {"MHz", "MHz"},        {"kW", "kW"},
      {"kWh", "kWh"},         {"km/h", "km/hour"},  {"gallon", "gallon"},  {"quart", "quart"},
      {"pint", "pint"},       {"cup", "cup"},       {"acre", "acre"},      {"mile/hour", "mile/hour"},
      {"sq", "square"},       {"square", "square"}, {"cubic", "cubic"},    {"pt", "pt"},
      {"gal", "gallon"},      {"hrs", "hour"},      {"mins", "minute"},    {"secs", "s"},
      {"lbs", "lb"},          {"rupee", "rupee"},   {"peso", "peso"},      {"yen", "yen"},
      {"people", "person"},   {"person", "person"}, {"children", "child"}, {"child", "child"},
      {"men", "man"},         {"women", "woman"}};
  return table;
}

Name lookup(const Table& table, Name name) {
  const auto it = table.find(name);
  return it == table.end() ? Name() : it->second;
}

}  // namespace

bool is_function(Name name) { return functions().contains(name); }

Name plain_function(Name name) {
  const Name found = lookup(functions(), name);
  return found.empty() ? name : found;
}

Name plain_command(Name name) {
  const Name found = lookup(commands(), name);
  return found.empty() ? name : found;
}

bool is_greek(Name name) {
  static constexpr std::array<Name, 33> kGreek = {
      "alpha", "beta",  "gamma", "delta",  "epsilon", "zeta", "eta",     "theta", "iota", "kappa", "lambda",
      "mu",    "nu",    "xi",    "rho",    "sigma",   "tau",  "upsilon", "phi",   "chi",  "psi",   "omega",
      "Gamma", "Delta", "Theta", "Lambda", "Xi",      "Pi",   "Sigma",   "Phi",   "Psi",  "Omega", "ell"};
  return std::find(kGreek.begin(), kGreek.end(), name) != kGreek.end();
}

std::optional<std::string> known_unit(Name word) {
  if (const Name exact = lookup(units(), word); !exact.empty()) return std::string(exact);
  std::string small = lower(word);
  if (const Name found = lookup(units(), small); !found.empty()) return std::string(found);
  if (small.size() > 2 && small.back() == 's') {
    small.pop_back();
    if (const Name found = lookup(units(), small); !found.empty()) return std::string(found);
  }
  return std::nullopt;
}

std::string unit_form(Name word) {
  if (const auto known = known_unit(word)) return *known;
  std::string small = lower(word);
  if (small.size() > 4 && small.ends_with("ies")) return small.substr(0, small.size() - 3) + "y";
  for (const Name ending : {"xes", "shes", "ches", "sses"})
    if (small.ends_with(ending)) return small.substr(0, small.size() - 2);
  if (small.size() > 3 && small.back() == 's' && !small.ends_with("ss")) small.pop_back();
  return small;
}

}  // namespace reckon::verify
