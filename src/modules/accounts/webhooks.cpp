#include "modules/accounts/webhooks.hpp"

#include <algorithm>
#include <array>

#include "base/utf8.hpp"
#include "modules/accounts/secrets.hpp"

namespace stoa::accounts {

namespace {

constexpr std::string_view kColumns = "account_id, id, user_id, title, scopes, created_at, used_at";

Webhook read_webhook(const db::Row& row) {
    Webhook webhook;
    webhook.account = row.integer(0);
    webhook.id = row.integer(1);
    webhook.user = row.integer(2);
    webhook.title = row.text(3);
    webhook.scopes = row.text(4);
    webhook.created_at = row.integer(5);
    webhook.used_at = row.integer(6);
    return webhook;
}

}  // namespace

Result<std::int64_t> insert_webhook(db::WriteTx& tx, std::string_view code, UserId user, std::string_view title,
                                    const std::vector<std::string>& scopes, UnixSeconds now) {
    if (utf8_length(title) > 255) return invalid("The title is longer than 255 characters.", "title");
    STOA_TRY(std::string joined, join_scopes(scopes));
    STOA_TRY(const std::int64_t count,
             tx.count("webhooks", db::Condition::equals("user_id", user), kWebhooksPerUserMax));
    if (count >= kWebhooksPerUserMax) {
        return Error{Errc::too_large, "You have 200 webhooks. Delete one that is not used any more."};
    }
    STOA_TRY(const std::int64_t id, tx.next_id("webhooks"));
    const std::vector<db::Assignment> row = {
        {"code_hash", secret_hash(code)}, {"id", id},          {"user_id", user}, {"title", std::string(title)},
        {"scopes", std::move(joined)},    {"created_at", now},
    };
    STOA_CHECK(tx.insert("webhooks", row));
    return id;
}

Status remove_webhook(db::WriteTx& tx, std::int64_t id, UserId user) {
    std::vector<db::Condition> where = {db::Condition::equals("id", id)};
    if (user != 0) where.push_back(db::Condition::equals("user_id", user));
    STOA_TRY(const std::int64_t removed, tx.remove("webhooks", db::Condition::all(std::move(where))));
    if (removed == 0) return not_found("There is no such webhook.");
    return {};
}

Result<std::vector<Webhook>> list_webhooks(db::Tx& tx, UserId user) {
    std::vector<Webhook> webhooks;
    const db::Select select{.table = "webhooks",
                            .columns = {},
                            .columns_sql = kColumns,
                            .where = db::Condition::equals("user_id", user),
                            .order = {{{"id", ""}, false}},
                            .limit = kWebhooksPerUserMax};
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        webhooks.push_back(read_webhook(row));
        return true;
    }));
    return webhooks;
}

Result<std::optional<Webhook>> find_webhook(db::Database& database, std::string_view code) {
    std::optional<Webhook> webhook;
    STOA_CHECK(database.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
        const std::array<db::Value, 1> values{secret_hash(code)};
        const std::string sql = "SELECT " + std::string(kColumns) + " FROM webhooks WHERE code_hash = ?";
        STOA_CHECK(tx.raw().query(sql, values, [&](const db::Row& row) {
            if (!lives_here(row.integer(0))) return true;
            webhook = read_webhook(row);
            return false;
        }));
        return webhook.has_value();
    }));
    return webhook;
}

Result<std::string> join_scopes(const std::vector<std::string>& scopes) {
    std::string joined;
    for (const std::string& scope : scopes) {
        if (scope == "all" || scope == kAllScopes) return std::string(kAllScopes);
        const auto& known = known_scopes();
        if (!std::binary_search(known.begin(), known.end(), scope)) {
            return invalid("There is no scope '" + scope + "'.", "scopes");
        }
        if (!joined.empty()) joined += ',';
        joined += scope;
    }
    if (joined.empty()) return invalid("Choose at least one scope.", "scopes");
    return joined;
}

std::vector<std::string> split_scopes(std::string_view scopes) {
    std::vector<std::string> out;
    while (!scopes.empty()) {
        const std::size_t comma = std::min(scopes.find(','), scopes.size());
        if (comma > 0) out.emplace_back(scopes.substr(0, comma));
        scopes.remove_prefix(std::min(comma + 1, scopes.size()));
    }
    return out;
}

/// https://github.com/bitrix24/b24restdocs api-reference/scopes/permissions.md
const std::vector<std::string>& known_scopes() {
    static const std::vector<std::string> scopes = [] {
        std::vector<std::string> list = {"app_forms",
                                         "basic",
                                         "bizproc",
                                         "calendar",
                                         "calendarmobile",
                                         "call",
                                         "cashbox",
                                         "catalog",
                                         "configuration.import",
                                         "contact_center",
                                         "crm",
                                         "delivery",
                                         "department",
                                         "disk",
                                         "documentgenerator",
                                         "entity",
                                         "faceid",
                                         "forum",
                                         "humanresources",
                                         "iblock",
                                         "im",
                                         "im.import",
                                         "imbot",
                                         "imconnector",
                                         "imopenlines",
                                         "intranet",
                                         "landing",
                                         "landing_cloud",
                                         "lists",
                                         "log",
                                         "mail",
                                         "mailservice",
                                         "main",
                                         "messageservice",
                                         "mobile",
                                         "note",
                                         "pay_system",
                                         "placement",
                                         "pull",
                                         "pull_channel",
                                         "rating",
                                         "rpa",
                                         "sale",
                                         "salescenter",
                                         "sign",
                                         "smile",
                                         "socialnetwork",
                                         "sonet_group",
                                         "task",
                                         "tasks",
                                         "tasks_extended",
                                         "tasksmobile",
                                         "telephony",
                                         "timeman",
                                         "user",
                                         "user.userfield",
                                         "user_basic",
                                         "user_brief",
                                         "userconsent",
                                         "userfieldconfig",
                                         "vote"};
        std::sort(list.begin(), list.end());
        return list;
    }();
    return scopes;
}

}  // namespace stoa::accounts
