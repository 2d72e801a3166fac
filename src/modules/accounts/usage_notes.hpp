#pragma once
// Remembers that webhooks and sessions were used, and writes it down later and together, so that no request waits for
// it. note_*() from any thread; flush() from a worker thread every few seconds. Bounded: what does not fit is dropped,
// the next use notes it again.

#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/thread_annotations.hpp"
#include "db/database.hpp"
#include "modules/accounts/services.hpp"

namespace stoa::accounts {

class UsageNotes {
  public:
    static constexpr std::int64_t kIntervalSeconds = 60;  ///< at most one note per credential and minute
    static constexpr std::size_t kNotesMax = 4096;

    void note_webhook(std::string code_hash, AccountId account, UnixSeconds at) {
        note({Kind::webhook, std::move(code_hash), at, account});
    }
    /// Also tells when the user was last active.
    void note_session(std::string cookie_hash, AccountId account, UserId user, UnixSeconds at) {
        note({Kind::session, std::move(cookie_hash), at, account, user});
    }
    Status flush(const Services& services);

  private:
    enum class Kind : std::uint8_t { webhook, session };
    struct Note {
        Kind kind;
        std::string hash;
        UnixSeconds at;
        AccountId account = 0;
        UserId user = 0;
    };
    void note(Note note);
    static Status write_down(const Services& services, AccountId account, const std::vector<Note>& notes);

    Mutex mutex_;
    std::vector<Note> notes_ STOA_GUARDED_BY(mutex_);
};

/// Deletes sessions, tokens, codes and links that have ended; a bounded number per call. Returns how many.
Result<std::int64_t> purge_expired(db::Database& database, UnixSeconds now);

}  // namespace stoa::accounts
