#include "model/push_outbox.hpp"

#include <algorithm>
#include <charconv>

#include "base/clock.hpp"

namespace stoa::model {
namespace {

constexpr const char* kTable = "push_outbox";
// In the column of the receivers: "17,18", "#tag", "@app:", "@app:17,18".
constexpr char kTagMark = '#', kAppMark = '@';

std::string joined(const std::vector<UserId>& users) {
    std::string out;
    for (const UserId user : users)
        out += (out.empty() ? "" : ",") + std::to_string(user);
    return out;
}

std::vector<UserId> split(std::string_view text) {
    std::vector<UserId> out;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const std::string_view one = text.substr(0, comma);
        UserId user = 0;
        std::from_chars(one.data(), one.data() + one.size(), user);
        if (user > 0) out.push_back(user);
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return out;
}

std::string receivers_of(const Push& push) {
    if (!push.tag.empty()) return kTagMark + push.tag;
    return (push.app.empty() ? "" : kAppMark + push.app + ":") + joined(push.users);
}

void read_receivers(std::string_view text, Push& push) {
    if (text.starts_with(kTagMark)) {
        push.tag = text.substr(1);
        return;
    }
    if (text.starts_with(kAppMark)) {
        const auto colon = text.find(':');
        push.app = text.substr(1, colon - 1);
        text.remove_prefix(colon + 1);
    }
    push.users = split(text);
}

Status check(const Push& push) {
    if (push.module_id.empty() || push.module_id.size() > limits::push_name_bytes_max) {
        return invalid("A message to clients needs the name of a module.", "module_id");
    }
    if (push.command.empty() || push.command.size() > limits::push_name_bytes_max) {
        return invalid("A message to clients needs a command.", "command");
    }
    if (push.params_json.size() < 2 || push.params_json.front() != '{') {
        return invalid("A message to clients carries a JSON object.", "params");
    }
    if (push.params_json.size() > limits::push_body_bytes_max) {
        return Error{Errc::too_large, "A message to clients has at most " +
                                          std::to_string(limits::push_body_bytes_max) + " bytes; this one has " +
                                          std::to_string(push.params_json.size()) + ": name what changed instead."};
    }
    if (!push.tag.empty()) {
        if (!push.users.empty() || !push.app.empty()) {
            return invalid("A message to clients is for people or for a tag.", "tag");
        }
        STOA_CHECK(check_push_tag(push.tag));
    }
    if (push.users.size() > limits::push_users_max) {
        return Error{Errc::too_large, "A message to clients goes to at most " + std::to_string(limits::push_users_max) +
                                          " people at once."};
    }
    return {};
}

}  // namespace

Status check_push_tag(std::string_view tag) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == ':' ||
               c == '_' || c == '-';
    };
    if (!tag.empty() && tag.size() <= limits::push_tag_bytes_max && std::all_of(tag.begin(), tag.end(), fits)) {
        return {};
    }
    return invalid(
        "A tag has letters, digits and \".:_-\", at most " + std::to_string(limits::push_tag_bytes_max) + " of them.",
        "tag");
}

Status PushOutbox::append(db::WriteTx& tx, const Push& push) {
    STOA_CHECK(check(push));
    STOA_TRY(const std::int64_t id, tx.next_id(kTable));
    const db::Assignment row[] = {
        {"id", id},
        {"receivers", receivers_of(push)},
        {"module_id", push.module_id},
        {"command", push.command},
        {"params", push.params_json},
        {"created_us", system_clock().now_us()},
    };
    STOA_CHECK(tx.insert(kTable, row));
    if (waker_) tx.on_commit([this, account = tx.account()] { waker_(account); });
    return {};
}

Result<std::vector<StoredPush>> PushOutbox::take_of(AccountId account, std::int64_t after, std::int64_t limit) {
    std::vector<StoredPush> out;
    STOA_CHECK(database_.read(account, [&](db::Tx& tx) -> Status {
        db::Select select;
        select.table = kTable;
        select.columns = {{"id", ""},      {"receivers", ""}, {"module_id", ""},
                          {"command", ""}, {"params", ""},    {"created_us", ""}};
        select.where = db::Condition::compare("id", db::Condition::Op::gt, after);
        select.order = {{{"id", ""}, false}};
        select.limit = limit;
        out.clear();
        return tx.select(select, [&](const db::Row& row) {
            StoredPush stored{account, row.integer(0), row.integer(5), {}};
            read_receivers(row.text(1), stored.push);
            stored.push.module_id = row.text(2);
            stored.push.command = row.text(3);
            stored.push.params_json = row.text(4);
            out.push_back(std::move(stored));
            return true;
        });
    }));
    return out;
}

Result<std::vector<AccountId>> PushOutbox::accounts_with_older(std::int64_t created_before_us, std::int64_t limit) {
    std::vector<AccountId> accounts;
    const Status read = database_.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
        const db::Value parameters[] = {created_before_us, limit};
        STOA_CHECK(tx.raw().query("SELECT DISTINCT account_id FROM push_outbox WHERE created_us < ? LIMIT ?",
                                  parameters, [&](const db::Row& row) {
                                      if (lives_here(row.integer(0))) accounts.push_back(row.integer(0));
                                      return true;
                                  }));
        return false;
    });
    if (!read && accounts.empty()) return read.error();  // one store that is away does not hold up the others
    return accounts;
}

Status PushOutbox::remove(db::WriteTx& tx, std::int64_t up_to_id) {
    STOA_CHECK(tx.remove(kTable, db::Condition::compare("id", db::Condition::Op::le, up_to_id)));
    return {};
}

Status PushOutbox::remove_older(db::WriteTx& tx, std::int64_t created_before_us) {
    STOA_CHECK(tx.remove(kTable, db::Condition::compare("created_us", db::Condition::Op::lt, created_before_us)));
    return {};
}

}  // namespace stoa::model
