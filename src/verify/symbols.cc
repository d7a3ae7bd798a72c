#include "verify/symbols.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <utility>

namespace reckon::verify {
namespace {

struct Symbol {
  char32_t code;
  std::string_view latex;
};

// Sorted by code.
constexpr std::array kSymbols = {
    Symbol{0x00a0, " "},
    Symbol{0x00a2, " cents"},
    Symbol{0x00a3, "\\pounds "},
    Symbol{0x00b0, "^\\circ "},
    Symbol{0x00b1, "\\pm "},
    Symbol{0x00b2, "^{2}"},
    Symbol{0x00b3, "^{3}"},
    Symbol{0x00b7, "\\cdot "},
    Symbol{0x00b9, "^{1}"},
    Symbol{0x00ba, "^\\circ "},
    Symbol{0x00bc, "\\frac{1}{4}"},
    Symbol{0x00bd, "\\frac{1}{2}"},
    Symbol{0x00be, "\\frac{3}{4}"},
    Symbol{0x00d7, "\\times "},
    Symbol{0x00f7, "\\div "},
    Symbol{0x0391, "A"},
    Symbol{0x0393, "\\Gamma "},
    Symbol{0x0394, "\\Delta "},
    Symbol{0x0398, "\\Theta "},
    Symbol{0x039b, "\\Lambda "},
    Symbol{0x03a0, "\\Pi "},
    Symbol{0x03a3, "\\Sigma "},
    Symbol{0x03a6, "\\Phi "},
    Symbol{0x03a8, "\\Psi "},
    Symbol{0x03a9, "\\Omega "},
    Symbol{0x03b1, "\\alpha "},
    Symbol{0x03b2, "\\beta "},
    Symbol{0x03b3, "\\gamma "},
    Symbol{0x03b4, "\\delta "},
    Symbol{0x03b5, "\\epsilon "},
    Symbol{0x03b6, "\\zeta "},
    Symbol{0x03b7, "\\eta "},
    Symbol{0x03b8, "\\theta "},
    Symbol{0x03ba, "\\kappa "},
    Symbol{0x03bb, "\\lambda "},
    Symbol{0x03bc, "\\mu "},
    Symbol{0x03bd, "\\nu "},
    Symbol{0x03be, "\\xi "},
    Symbol{0x03c0, "\\pi "},
    Symbol{0x03c1, "\\rho "},
    Symbol{0x03c3, "\\sigma "},
    Symbol{0x03c4, "\\tau "},
    Symbol{0x03c6, "\\phi "},
    Symbol{0x03c7, "\\chi "},
    Symbol{0x03c8, "\\psi "},
    Symbol{0x03c9, "\\omega "},
    Symbol{0x03d5, "\\phi "},
    Symbol{0x2002, " "},
    Symbol{0x2003, " "},
    Symbol{0x2009, "\\,"},
    Symbol{0x200a, "\\,"},
    Symbol{0x200b, ""},
    Symbol{0x2010, "-"},
    Symbol{0x2011, "-"},
    Symbol{0x2012, "-"},
    Symbol{0x2013, "-"},
    Symbol{0x2014, "-"},
    Symbol{0x2018, "'"},
    Symbol{0x2019, "'"},
    Symbol{0x201c, "\""},
    Symbol{0x201d, "\""},
    Symbol{0x2022, "\\cdot "},
    Symbol{0x2026, "\\dots "},
    Symbol{0x202f, "\\,"},
    Symbol{0x2032, "'"},
    Symbol{0x2044, "/"},
    Symbol{0x2061, ""},
    Symbol{0x2062, "\\cdot "},
    Symbol{0x2070, "^{0}"},
    Symbol{0x2074, "^{4}"},
    Symbol{0x2075, "^{5}"},
    Symbol{0x2076, "^{6}"},
    Symbol{0x2077, "^{7}"},
    Symbol{0x2078, "^{8}"},
    Symbol{0x2079, "^{9}"},
    Symbol{0x207a, "^{+}"},
    Symbol{0x207b, "^{-}"},
    Symbol{0x207f, "^{n}"},
    Symbol{0x2080, "_{0}"},
    Symbol{0x2081, "_{1}"},
    Symbol{0x2082, "_{2}"},
    Symbol{0x2083, "_{3}"},
    Symbol{0x2084, "_{4}"},
    Symbol{0x2085, "_{5}"},
    Symbol{0x2086, "_{6}"},
    Symbol{0x2087, "_{7}"},
    Symbol{0x2088, "_{8}"},
    Symbol{0x2089, "_{9}"},
    Symbol{0x20ac, "\\euro "},
    Symbol{0x2102, "\\mathbb{C}"},
    Symbol{0x2115, "\\mathbb{N}"},
    Symbol{0x211a, "\\mathbb{Q}"},
    Symbol{0x211d, "\\mathbb{R}"},
    Symbol{0x2124, "\\mathbb{Z}"},
    Symbol{0x2153, "\\frac{1}{3}"},
    Symbol{0x2154, "\\frac{2}{3}"},
    Symbol{0x2192, "\\to "},
    Symbol{0x2205, "\\emptyset "},
    Symbol{0x2208, "\\in "},
    Symbol{0x2212, "-"},
    Symbol{0x2215, "/"},
    Symbol{0x2216, "\\setminus "},
    Symbol{0x2217, "\\cdot "},
    Symbol{0x221a, "\\sqrt "},
    Symbol{0x221b, "\\sqrt[3] "},
    Symbol{0x221e, "\\infty "},
    Symbol{0x2220, ""},
    Symbol{0x2227, " and "},
    Symbol{0x2228, " or "},
    Symbol{0x2229, "\\cap "},
    Symbol{0x222a, "\\cup "},
    Symbol{0x2236, ":"},
    Symbol{0x2248, "\\approx "},
    Symbol{0x2260, "\\ne "},
    Symbol{0x2264, "\\le "},
    Symbol{0x2265, "\\ge "},
    Symbol{0x22c5, "\\cdot "},
    Symbol{0x2308, "\\lceil "},
    Symbol{0x2309, "\\rceil "},
    Symbol{0x230a, "\\lfloor "},
    Symbol{0x230b, "\\rfloor "},
    Symbol{0x27e8, "\\langle "},
    Symbol{0x27e9, "\\rangle "},
    Symbol{0x2a7d, "\\le "},
    Symbol{0x2a7e, "\\ge "},
};
static_assert(std::is_sorted(kSymbols.begin(), kSymbols.end(),
                             [](const Symbol& a, const Symbol& b) { return a.code < b.code; }));

}  // namespace

std::string latex_symbols(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return std::string(text);
  std::string out;
  std::string_view group;  // "^{" or "_{" where the last symbol was an exponent or an index: the next may continue it
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int64_t>(text.size());
  for (int64_t i = 0; i < size;) {
    const int64_t start = i;
    UChar32 c = 0;
    U8_NEXT(bytes, i, size, c);
    const auto code = static_cast<char32_t>(c);
    const std::string_view open = std::exchange(group, {});
    if (code >= 0xff01 && code <= 0xff5e) {  // full-width ASCII
      out += static_cast<char>(code - 0xff01 + 0x21);
      continue;
    }
    const auto* found = std::lower_bound(kSymbols.begin(), kSymbols.end(), code,
                                         [](const Symbol& symbol, char32_t value) { return symbol.code < value; });
    if (found != kSymbols.end() && found->code == code) {
      std::string_view latex = found->latex;
      if (latex.ends_with('}') && (latex[0] == '^' || latex[0] == '_')) group = latex.substr(0, 2);
      if (!group.empty() && group == open) {
        out.pop_back();
        latex.remove_prefix(2);
      }
      out += latex;
    } else {
      out += text.substr(static_cast<size_t>(start), static_cast<size_t>(i - start));
    }
  }
  return out;
}

}  // namespace reckon::verify
