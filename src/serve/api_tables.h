#pragma once
#include <string>

namespace reckon {

// The tables of docs/api.md, in Markdown, from what the server itself uses; before each a line "<!-- table: NAME -->".
std::string api_tables();

}  // namespace reckon
