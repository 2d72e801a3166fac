#include "modules/accounts/directory.hpp"

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "base/random.hpp"
#include "base/time_format.hpp"
#include "base/utf8.hpp"

namespace stoa::accounts {

namespace {

constexpr std::string_view kColumns =
    "account_id, name, url, member_id, language, currency, time_zone, status, is_demo, first_run, created_at";

Account read_account(const db::Row& row) {
    Account account;
    account.id = row.integer(0);
    account.name = row.text(1);
    account.url = row.text(2);
    account.member_id = row.text(3);
    account.language = row.text(4);
    account.currency = row.text(5);
    account.time_zone = row.text(6);
    account.status = row.text(7);
    account.demo = row.integer(8) != 0;
    account.first_run = row.integer(9) != 0;
    account.created_at = row.integer(10);
    return account;
}

bool is_currency(std::string_view code) {
    if (code.size() != 3) return false;
    for (const char c : code) {
        if (c < 'A' || c > 'Z') return false;
    }
    return true;
}

bool is_language(std::string_view code) {
    if (code.size() != 2) return false;
    for (const char c : code) {
        if (c < 'a' || c > 'z') return false;
    }
    return true;
}

Status check_name(std::string_view name) {
    if (name.empty() || utf8_length(name) > 255)
        return invalid("Give the company a name of 1 to 255 characters.", "name");
    return {};
}

}  // namespace

Result<AccountId> reserve_account_id(db::Database& database, const Receipt& receipt) {
    db::WriteRequest request;
    request.key = receipt.key;
    request.digest = receipt.digest;
    auto outcome = database.write_and_wait(std::move(request), [](db::WriteTx& tx) -> Result<std::string> {
        std::int64_t next = 0;
        STOA_CHECK(
            tx.raw().query("SELECT next_value FROM counters WHERE name = 'accounts'", {}, [&](const db::Row& row) {
                next = row.integer(0);
                return false;
            }));
        if (next == 0) {
            next = 1;
            STOA_TRY(const std::int64_t added,
                     tx.raw().execute("INSERT INTO counters (name, next_value) VALUES ('accounts', 2)", {}));
            (void)added;
        } else {
            const std::array<db::Value, 1> values{next + 1};
            STOA_TRY(const std::int64_t changed,
                     tx.raw().execute("UPDATE counters SET next_value = ? WHERE name = 'accounts'", values));
            (void)changed;
        }
        return std::to_string(next);
    });
    if (!outcome) return std::move(outcome).error();
    return AccountId{std::stoll(outcome->answer)};
}

Status check_account(const NewAccount& account) {
    STOA_CHECK(check_name(account.name));
    if (host_of_url(account.url).empty() || account.url.size() > 255) {
        return invalid("Give the address as https://host or https://host:port.", "url");
    }
    if (!is_language(account.language)) return invalid("Give the language as two letters, e.g. en.", "language");
    if (!is_currency(account.currency)) return invalid("Give the currency as three letters, e.g. EUR.", "currency");
    if (!find_time_zone(account.time_zone)) return invalid("There is no time zone of that name.", "timeZone");
    return {};
}

Status insert_account(db::WriteTx& tx, const NewAccount& account, UnixSeconds now) {
    STOA_CHECK(check_account(account));
    std::string url = account.url;
    while (url.ends_with('/'))
        url.pop_back();
    const std::vector<db::Assignment> row = {
        {"name", account.name},
        {"url", url},
        {"member_id", to_hex(random_bytes(16))},
        {"language", account.language},
        {"currency", account.currency},
        {"time_zone", account.time_zone},
        {"status", std::string("active")},
        {"is_demo", std::int64_t{account.demo}},
        {"first_run", std::int64_t{1}},
        {"created_at", now},
    };
    return tx.insert("accounts", row);
}

Status update_account(db::WriteTx& tx, const AccountChanges& changes) {
    std::vector<db::Assignment> row;
    if (changes.name) {
        STOA_CHECK(check_name(*changes.name));
        row.push_back({"name", *changes.name});
    }
    if (changes.currency) {
        if (!is_currency(*changes.currency))
            return invalid("Give the currency as three letters, e.g. EUR.", "currency");
        row.push_back({"currency", *changes.currency});
    }
    if (changes.time_zone) {
        if (!find_time_zone(*changes.time_zone)) return invalid("There is no time zone of that name.", "timeZone");
        row.push_back({"time_zone", *changes.time_zone});
    }
    if (changes.language) {
        if (!is_language(*changes.language)) return invalid("Give the language as two letters, e.g. en.", "language");
        row.push_back({"language", *changes.language});
    }
    if (changes.demo) row.push_back({"is_demo", std::int64_t{*changes.demo}});
    if (changes.first_run) row.push_back({"first_run", std::int64_t{*changes.first_run}});
    if (row.empty()) return {};
    STOA_TRY(const std::int64_t changed, tx.update("accounts", row, db::Condition::always()));
    if (changed == 0) return not_found("There is no such account.");
    return {};
}

Result<Account> load_account(db::Tx& tx) {
    Account account;
    const db::Select select{.table = "accounts", .columns = {}, .columns_sql = kColumns, .order = {}, .limit = 1};
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        account = read_account(row);
        return false;
    }));
    if (account.id == 0) return not_found("There is no such account.");
    return account;
}

Result<Account> load_account(db::Database& database, AccountId id) {
    Account account;
    STOA_CHECK(database.read(id, [&](db::Tx& tx) -> Status {
        STOA_TRY(account, load_account(tx));
        return {};
    }));
    return account;
}

Result<std::vector<Account>> list_accounts(db::Database& database, AccountId after, std::int64_t limit) {
    std::vector<Account> accounts;
    STOA_CHECK(database.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
        const std::array<db::Value, 2> values{after, limit};
        const std::string sql =
            "SELECT " + std::string(kColumns) + " FROM accounts WHERE account_id > ? ORDER BY account_id LIMIT ?";
        STOA_CHECK(tx.raw().query(sql, values, [&](const db::Row& row) {
            if (lives_here(row.integer(0))) accounts.push_back(read_account(row));
            return true;
        }));
        return false;
    }));
    // Pages of several stores: what does not fit any more comes with the next one.
    std::sort(accounts.begin(), accounts.end(), [](const Account& a, const Account& b) { return a.id < b.id; });
    if (accounts.size() > static_cast<std::size_t>(limit)) accounts.resize(static_cast<std::size_t>(limit));
    return accounts;
}

Status check_directory(db::Database& database) {
    return database.read(0, [](db::Tx& tx) {
        return tx.raw().query("SELECT account_id FROM accounts LIMIT 1", {}, [](const db::Row&) { return false; });
    });
}

std::string host_of_url(std::string_view url) {
    const std::string lower = to_lower_ascii(url);
    std::string_view rest = lower;
    if (rest.starts_with("https://")) {
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return {};
    }
    rest = rest.substr(0, rest.find_first_of("/?#"));
    for (const char c : rest) {
        const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' ||
                             c == '[' || c == ']' || c == '_';
        if (!allowed) return {};
    }
    return std::string(rest);
}

}  // namespace stoa::accounts
