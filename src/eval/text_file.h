#pragma once
#include <string>

namespace reckon {

// A whole file, unpacked if its name ends in .zst. Throws Error{not_found, invalid_request}.
std::string read_text_file(const std::string& path);

// Lower-case hexadecimal SHA-256.
std::string sha256(const std::string& bytes);

}  // namespace reckon
