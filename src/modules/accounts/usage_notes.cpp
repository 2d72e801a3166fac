#include "modules/accounts/usage_notes.hpp"

#include <array>
#include <map>
#include <utility>

#include "modules/accounts/sessions.hpp"
#include "modules/accounts/users.hpp"

namespace stoa::accounts {

namespace {

/// The user's own data did not change, so its date of change stays.
Status note_activity(const Services& services, AccountId account, UserId user, UnixSeconds at) {
    const Status noted = services.write(account, [&](db::WriteTx& tx) -> Status {
        STOA_TRY(model::Records records, services.records(tx, model::Actor::make_system(account)));
        const model::Entity& users = services.model.registry.entity(kUserEntity);
        STOA_TRY(const model::Record record, records.get(users, user));
        model::Changes changes(users);
        changes.set("LAST_ACTIVITY_DATE", at);
        changes.set("TIMESTAMP_X", record.value(users.field("TIMESTAMP_X")));
        return records.update(user, std::move(changes));
    });
    if (!noted && noted.error().code == Errc::not_found) return {};  // removed meanwhile
    return noted;
}

}  // namespace

void UsageNotes::note(Note note) {
    const MutexLock lock(mutex_);
    if (notes_.size() < kNotesMax) notes_.push_back(std::move(note));
}

Status UsageNotes::flush(const Services& services) {
    std::vector<Note> notes;
    {
        const MutexLock lock(mutex_);
        notes.swap(notes_);
    }
    std::map<AccountId, std::vector<Note>> by_account;
    for (Note& note : notes)
        by_account[note.account].push_back(std::move(note));
    Status first_problem;
    for (const auto& [account, own] : by_account) {
        Status written = write_down(services, account, own);
        if (!written && first_problem) first_problem = std::move(written);
    }
    return first_problem;
}

/// Where the account lives: while it is being moved, its rows in the other store are the mover's alone.
Status UsageNotes::write_down(const Services& services, AccountId account, const std::vector<Note>& notes) {
    STOA_CHECK(services.write(account, [&notes](db::WriteTx& tx) -> Status {
        for (const Note& note : notes) {
            const bool of_webhook = note.kind == Kind::webhook;
            const db::Assignment change[] = {{of_webhook ? "used_at" : "seen_at", note.at}};
            STOA_CHECK(tx.update(of_webhook ? "webhooks" : "sessions", change,
                                 db::Condition::equals(of_webhook ? "code_hash" : "cookie_hash", note.hash)));
        }
        return {};
    }));
    for (const Note& note : notes) {
        if (note.user != 0) STOA_CHECK(note_activity(services, account, note.user, note.at));
    }
    return {};
}

Result<std::int64_t> purge_expired(db::Database& database, UnixSeconds now) {
    struct Step {
        const char* find;
        const char* remove;
        UnixSeconds before;
    };
    static constexpr std::int64_t kRowsPerCall = 500;
    const std::array<Step, 4> steps{{
        {"SELECT cookie_hash FROM sessions WHERE seen_at < ? LIMIT ?", "DELETE FROM sessions WHERE cookie_hash = ?",
         now - kSessionIdleSeconds},
        {"SELECT token_hash FROM oauth_tokens WHERE expires_at < ? LIMIT ?",
         "DELETE FROM oauth_tokens WHERE token_hash = ?", now},
        {"SELECT code_hash FROM oauth_codes WHERE expires_at < ? LIMIT ?",
         "DELETE FROM oauth_codes WHERE code_hash = ?", now},
        {"SELECT token_hash FROM one_time_links WHERE expires_at < ? LIMIT ?",
         "DELETE FROM one_time_links WHERE token_hash = ?", now},
    }};
    std::int64_t removed = 0;
    for (const Step& step : steps) {
        std::vector<db::Value> keys;
        STOA_CHECK(database.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)>) -> Result<bool> {
            const std::array<db::Value, 2> values{step.before, kRowsPerCall};
            STOA_CHECK(tx.raw().query(step.find, values, [&](const db::Row& row) {
                keys.push_back(row.value(0));
                return true;
            }));
            return false;
        }));
        if (keys.empty()) continue;
        STOA_CHECK(database.write_each([&](db::WriteTx& tx) -> Status {
            for (const db::Value& key : keys) {
                const std::array<db::Value, 1> values{key};
                STOA_TRY(const std::int64_t changed, tx.raw().execute(step.remove, values));
                (void)changed;
            }
            return {};
        }));
        removed += static_cast<std::int64_t>(keys.size());
    }
    return removed;
}

}  // namespace stoa::accounts
