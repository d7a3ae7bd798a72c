#pragma once
#include <filesystem>

namespace reckon {

// Where Reckon keeps what it has, by the XDG base directory specification: $XDG_DATA_HOME/reckon or
// ~/.local/share/reckon, and $XDG_CACHE_HOME/reckon or ~/.cache/reckon. Throws Error{environment} when no home is set.
std::filesystem::path data_folder();
std::filesystem::path cache_folder();
std::filesystem::path home_folder();

// Creates the folder and those above it. Throws Error{environment} that says which and why.
void make_folder(const std::filesystem::path& folder);

}  // namespace reckon
