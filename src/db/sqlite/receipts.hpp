#pragma once
// Receipts on one connection: what a request key was answered (mechanism 1). Private to src/db/sqlite.

#include <optional>
#include <string>

#include "db/database.hpp"
#include "db/sqlite/connection.hpp"

namespace stoa::db::sqlite {

struct Receipt {
    std::string digest;
    std::string answer;
};

Result<std::optional<Receipt>> find_receipt(Connection& connection, const WriteRequest& request);
Status insert_receipt(Connection& connection, const WriteRequest& request, std::string_view answer, UnixSeconds now);

}  // namespace stoa::db::sqlite
