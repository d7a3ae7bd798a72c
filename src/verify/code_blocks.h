#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace reckon::verify {

// A piece of a text that is marked as code.
struct CodeBlock {
  std::string_view piece;  // as it stands in the text
  std::string program;     // without the indentation of its fence
  bool closed = false;     // false: the text ended before it did
};

// In their order: what stands between fences of ``` or ~~~, which a list item may indent, and between [PYTHON] and
// [/PYTHON]. A fence inside a block is a part of it if it is shorter, of the other kind or indented further.
std::vector<CodeBlock> code_blocks(std::string_view text);

}  // namespace reckon::verify
