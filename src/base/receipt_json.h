#pragma once
#include <boost/json/object.hpp>

#include <reckon/receipt.h>

namespace reckon {

// The one form of a usage in receipts, evaluation rows and responses.
boost::json::object to_object(const Usage& usage);

boost::json::object to_object(const Receipt& receipt);  // what to_json writes

}  // namespace reckon
