// mail.mailbox.list, mail.mailbox.senders of v3: the caller's own mailboxes.
// https://github.com/bitrix24/b24restdocs api-reference/mail/mailbox

#include <algorithm>

#include "api/crud.hpp"
#include "api/crud_v3.hpp"
#include "modules/mail/methods.hpp"
#include "modules/mail/names.hpp"

namespace stoa::mail {

using api::Call;

namespace {

constexpr std::int64_t kPageSize = 25;
constexpr std::int64_t kPageSizeMax = 100;

const model::Entity& mailboxes(const Call& call) {
    return call.registry().entity(kMailbox);
}

/// Administrators may read all mailboxes, yet their list is theirs.
db::Condition own(const Call& call) {
    return db::Condition::equals(mailboxes(call).field("USER_ID").column, call.actor().user);
}

Result<db::Condition> contains(const Call& call, const char* parameter, const char* field) {
    STOA_TRY(const std::string fragment, call.params.text_or(parameter, ""));
    if (fragment.empty()) return db::Condition::always();
    return db::Condition::like(mailboxes(call).field(field).column, "%" + db::escape_like(fragment) + "%");
}

/// Whole mailboxes: the documentation has no `select` here.
Status list(Call& call) {
    const model::Entity& entity = mailboxes(call);
    STOA_TRY(db::Condition by_name, contains(call, "name", "NAME"));
    STOA_TRY(db::Condition by_email, contains(call, "email", "EMAIL"));
    model::Query query;
    query.where = db::Condition::all({own(call), std::move(by_name), std::move(by_email)});
    STOA_CHECK(api::read_pagination_v3(call, kPageSize, kPageSizeMax, query));
    const api::Selection selection = api::Selection::everything(entity, nullptr, api::Shape::v3());
    std::int64_t rows = 0;
    call.out.begin_object().key("items");
    STOA_CHECK(api::write_rows(call, entity, api::Shape::v3(), selection, query, rows));
    call.out.end_object();
    return {};
}

struct Sender {
    std::string email, name;
};

/// Each mailbox can send under its sender name and under its own name.
Result<std::vector<Sender>> all_senders(Call& call) {
    model::Query query;
    query.where = own(call);
    query.limit = kMailboxesPerUserMax;
    STOA_TRY(const std::vector<model::Record> rows, call.records.list(mailboxes(call), query));
    std::vector<Sender> senders;
    for (const model::Record& row : rows) {
        const std::string email = row.text("EMAIL");
        const std::string sender_name = row.text("SENDER_NAME");
        const std::string name = row.text("NAME");
        if (!sender_name.empty()) senders.push_back({email, sender_name});
        if (name != sender_name) senders.push_back({email, name});
    }
    return senders;
}

Status senders(Call& call) {
    model::Query page;
    STOA_CHECK(api::read_pagination_v3(call, kPageSize, kPageSizeMax, page));
    STOA_TRY(const std::vector<Sender> all, all_senders(call));
    const auto size = static_cast<std::int64_t>(all.size());
    const std::int64_t end = std::min(size, page.offset + page.limit);
    call.out.begin_object().key("items").begin_array();
    for (std::int64_t i = page.offset; i < end; ++i) {
        const Sender& sender = all[static_cast<std::size_t>(i)];
        call.out.begin_object();
        call.out.field("email", std::string_view(sender.email)).field("name", std::string_view(sender.name));
        call.out.field("sender", std::string_view(sender.name + " <" + sender.email + ">"));
        call.out.end_object();
    }
    call.out.end_array().end_object();
    return {};
}

}  // namespace

std::vector<api::Method> mailbox_methods() {
    using api::Wire;
    return {
        {.name = "mail.mailbox.list", .scope = kScope, .handler = list, .wire = Wire::v3},
        {.name = "mail.mailbox.senders", .scope = kScope, .handler = senders, .wire = Wire::v3},
    };
}

}  // namespace stoa::mail
