#pragma once
// The numbered schema steps of model's system tables (0010–0099). Immutable, any thread.

#include <vector>

#include "db/schema.hpp"

namespace stoa::model {

const std::vector<db::Migration>& migrations();

}  // namespace stoa::model
