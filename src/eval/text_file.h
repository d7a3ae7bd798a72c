#pragma once
#include <string>

namespace reckon {

// A whole file, unpacked if its name ends in .zst. Throws Error{not_found, invalid_request}.
std::string read_text_file(const std::string& path);

}  // namespace reckon
