#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "verify/equivalence.h"

namespace reckon::verify {
namespace {

using rc::gen::element;

// A random expression in LaTeX over x and y, and an algebraic rewrite of it.
struct Pair {
  std::string plain, rewritten;
};
void showValue(const Pair& pair, std::ostream& os) { os << pair.plain << " | " << pair.rewritten; }

Pair leaf() {
  static const std::vector<Pair> kLeaves = {
      {"x", "\\frac{2x}{2}"}, {"y", "-(-y)"},      {"3", "\\frac{9}{3}"},   {"2", "\\sqrt{4}"},
      {"7", "(10-3)"},        {"\\pi", "2\\pi/2"}, {"\\frac{1}{2}", "0.5"}, {"\\sqrt{2}", "\\frac{2}{\\sqrt{2}}"}};
  return *rc::gen::elementOf(kLeaves);
}

Pair expression(int depth) {
  if (depth == 0) return leaf();
  const Pair a = expression(depth - 1), b = expression(depth - 1);
  switch (*rc::gen::inRange(0, 5)) {
    case 0: return {"(" + a.plain + "+" + b.plain + ")", "(" + b.rewritten + "+" + a.rewritten + ")"};
    case 1: return {"(" + a.plain + ")(" + b.plain + ")", "(" + b.rewritten + ")\\cdot(" + a.rewritten + ")"};
    case 2: return {"(" + a.plain + "-" + b.plain + ")", "-(" + b.rewritten + "-" + a.rewritten + ")"};
    case 3: return {"(" + a.plain + ")^2", "(" + a.rewritten + ")(" + a.rewritten + ")"};
    default:
      return {"\\frac{" + a.plain + "+" + b.plain + "}{3}",
              "(\\frac{" + a.rewritten + "}{3}+\\frac{" + b.rewritten + "}{3})"};
  }
}

rc::Gen<Pair> pairs() {
  return rc::gen::exec([] { return expression(*rc::gen::inRange(0, 4)); });
}

RC_GTEST_PROP(EquivalenceProperties, AnExpressionEqualsItsRewrite, ()) {
  const Pair p = *pairs();
  RC_ASSERT(compare_math(p.plain, p.rewritten).verdict == Verdict::equal);
  RC_ASSERT(compare_math(p.rewritten, p.plain).verdict == Verdict::equal);
}

RC_GTEST_PROP(EquivalenceProperties, EquivalenceIsReflexive, ()) {
  const Pair p = *pairs();
  RC_ASSERT(compare_math(p.plain, p.plain).verdict == Verdict::equal);
}

RC_GTEST_PROP(EquivalenceProperties, AnExpressionDiffersFromItselfPlusOne, ()) {
  const Pair p = *pairs();
  RC_ASSERT(compare_math(p.plain, p.rewritten + "+1").verdict == Verdict::different);
}

RC_GTEST_PROP(EquivalenceProperties, ValuesAreJudgedTheSameInBothDirections, ()) {
  const Pair p = *pairs(), q = *pairs();
  RC_ASSERT(compare_math(p.plain, q.plain).verdict == compare_math(q.plain, p.plain).verdict);
}

RC_GTEST_PROP(EquivalenceProperties, EqualExpressionsHaveOneKey, ()) {
  const Pair p = *pairs();
  RC_ASSERT(canonical_math(p.plain) == canonical_math(p.rewritten));
}

RC_GTEST_PROP(EquivalenceProperties, AKeyIsItsOwnKey, ()) {
  const std::string key = canonical_math((*pairs()).rewritten);
  RC_ASSERT(canonical_math(key) == key);
}

RC_GTEST_PROP(EquivalenceProperties, TheKeyOfARationalOrAPolynomialIsThatValueInWriting, ()) {
  const auto a = *rc::gen::inRange<long>(-1000000, 1000000), b = *rc::gen::inRange<long>(1, 1000000);
  const std::string number = "\\frac{" + std::to_string(a) + "}{" + std::to_string(b) + "}";
  for (const std::string& text : {number, "(x+" + number + ")(x-y)", "\\{" + number + ", x\\}"}) {
    const std::string key = canonical_math(text);
    RC_ASSERT(compare_math(text, key).verdict == Verdict::equal);
    RC_ASSERT(!key.starts_with("≈"));
  }
}

RC_GTEST_PROP(EquivalenceProperties, AnyTextGetsAVerdict, ()) {
  const auto piece = element<std::string>(
      "\\frac", "{", "}", "(", ")", "[", "]", "^", "_", "-", "+", "=", ",", "1", "23", "x", "\\sqrt", "\\le", "|",
      "\\{", "\\}", "\\begin{pmatrix}", "\\end{pmatrix}", "&", "\\\\", "!", "%", "$", "\\text{", " ", ".", "\\infty",
      "\\cup", "\\pm", "e", "i", "\\circ", "cm", "or", "\\overline", "9999999999", "\xc3\xa9", "\\");
  std::string text;
  for (const auto& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
  compare_math(text, text + "1");
  compare_math("7", text);
  const std::string key = canonical_math(text);
  RC_ASSERT(canonical_math(key) == key);
}

}  // namespace
}  // namespace reckon::verify
