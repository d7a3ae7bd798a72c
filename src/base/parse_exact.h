#pragma once
#include <boost/json/value.hpp>

#include <string_view>

namespace reckon {

// boost::json::parse with numbers read to the last bit: before Boost 1.83 its own conversion may be one unit off, and a
// confidence that is read back must be the one that was decided on.
boost::json::value parse_exact(std::string_view text, boost::system::error_code& wrong);

}  // namespace reckon
