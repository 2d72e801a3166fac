#pragma once
// Names of people, read from the entity `user` by name. On the transaction's thread.

#include <map>
#include <set>
#include <string>

#include "model/records.hpp"

namespace stoa::stream {

/// "First Last" by number, with one query; those that do not exist are missing.
Result<std::map<UserId, std::string>> user_names(model::Records& records, const std::set<UserId>& users);

}  // namespace stoa::stream
