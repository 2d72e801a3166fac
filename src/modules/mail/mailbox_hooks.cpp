#include "modules/mail/mailbox_hooks.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "modules/mail/names.hpp"

namespace stoa::mail {

using model::Operation;
using model::SaveContext;

namespace {

/// local@domain without blanks and the characters that separate addresses in a header.
bool is_address(std::string_view text) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == text.size()) return false;
    if (text.find('@', at + 1) != std::string_view::npos) return false;
    return std::none_of(text.begin(), text.end(), [](unsigned char c) {
        return c <= ' ' || c == 127 || std::string_view("<>\",;").find(static_cast<char>(c)) != std::string_view::npos;
    });
}

/// A name stands before <address>: no line breaks, no angle brackets.
bool fits_header(std::string_view name) {
    return std::none_of(name.begin(), name.end(),
                        [](unsigned char c) { return c < ' ' || c == 127 || c == '<' || c == '>'; });
}

Status check_new(SaveContext& context) {
    model::Changes& changes = context.changes;
    const std::string email = to_lower_ascii(changes.text("EMAIL"));
    if (!is_address(email)) return invalid("EMAIL must be an e-mail address.", "EMAIL");
    const db::Condition own = db::Condition::equals("user_id", changes.integer("USER_ID"));
    STOA_TRY(const std::int64_t count, context.tx.count(context.entity.table, own, kMailboxesPerUserMax));
    if (count >= kMailboxesPerUserMax) {
        return Error{Errc::too_large, "A user has at most " + std::to_string(kMailboxesPerUserMax) + " mailboxes."};
    }
    STOA_TRY(
        const std::int64_t same,
        context.tx.count(context.entity.table, db::Condition::all({own, db::Condition::equals("email", email)}), 1));
    if (same > 0) return Error{Errc::already_exists, "You have this mailbox already.", "EMAIL"};
    changes.set("EMAIL", email);
    if (changes.text("NAME").empty()) changes.set("NAME", email);
    return {};
}

class MailboxHooks final : public model::EntityHooks {
  public:
    Status before_save(SaveContext& context) override {
        for (const char* name : {"NAME", "SENDER_NAME"}) {
            if (!fits_header(context.changes.text(name))) {
                return invalid(std::string(name) + " must not hold line breaks or angle brackets.", name);
            }
        }
        if (context.operation == Operation::add) return check_new(context);
        if (context.changes.has("NAME") && context.changes.text("NAME").empty()) {
            context.changes.set("NAME", context.before->text("EMAIL"));
        }
        return {};
    }
};

}  // namespace

std::unique_ptr<model::EntityHooks> make_mailbox_hooks() {
    return std::make_unique<MailboxHooks>();
}

}  // namespace stoa::mail
