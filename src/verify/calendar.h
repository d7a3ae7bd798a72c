#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace reckon::verify {

// "March 5, 2021", "5 March 2021", "2021-3-5", "12/25/1937" (month first) as "2021-03-05".
std::optional<std::string> date_form(std::string_view text);

// "4:30 p.m.", "16:30", "07:39:38.372", "91 days, 06:57:11" as days, hours, minutes and seconds: "0d 16:30:00".
std::optional<std::string> time_form(std::string_view text);

}  // namespace reckon::verify
