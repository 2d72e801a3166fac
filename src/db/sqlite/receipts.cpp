#include "db/sqlite/receipts.hpp"

namespace stoa::db::sqlite {
namespace {

Binding integer(std::int64_t value) {
    return {Binding::Kind::integer, value, {}, nullptr};
}
Binding text(std::string_view value) {
    return {Binding::Kind::text, 0, value, nullptr};
}

}  // namespace

Result<std::optional<Receipt>> find_receipt(Connection& connection, const WriteRequest& request) {
    std::optional<Receipt> receipt;
    const Binding bindings[] = {integer(request.account), text(request.key)};
    STOA_CHECK(connection.query("SELECT digest, answer FROM receipts WHERE account_id=?1 AND request_key=?2", bindings,
                                [&](const Row& row) {
                                    receipt = Receipt{std::string(row.text(0)), std::string(row.text(1))};
                                    return true;
                                }));
    return receipt;
}

Status insert_receipt(Connection& connection, const WriteRequest& request, std::string_view answer, UnixSeconds now) {
    const Binding bindings[] = {integer(request.account), text(request.key), text(request.digest), text(answer),
                                integer(now)};
    STOA_CHECK(
        connection.execute("INSERT INTO receipts (account_id, request_key, digest, answer, created_at) "
                           "VALUES (?1, ?2, ?3, ?4, ?5)",
                           bindings));
    return {};
}

}  // namespace stoa::db::sqlite
