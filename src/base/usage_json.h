#pragma once
#include <boost/json/object.hpp>

#include <reckon/budget.h>

namespace reckon {

// The one form of a usage in receipts, evaluation rows and responses.
boost::json::object to_object(const Usage& usage);

}  // namespace reckon
