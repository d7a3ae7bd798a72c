#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace reckon {

// How many tests of one reply count: a model that goes on writes worse ones (CodeT takes as many).
inline constexpr size_t kTestsOfReply = 5;

// The Python asserts that a model wrote, one statement each: the first kTestsOfReply different lines outside the
// thinking block that are a whole assert statement. `cut`: the text was ended by a limit, so its last line may not be
// whole. Linear in time.
std::vector<std::string> written_tests(std::string_view text, bool cut);

}  // namespace reckon
