#pragma once
// PublishRates: how much clients may send to each other, by sender and by account. Any thread, never blocks.
//
// A sender is a user of an account's portal, or of one application there: whoever has a signed channel of it. All its
// connections and posts count together, so that opening more of them gives nothing. A full second's worth may come at
// once; it is given back evenly (generic cell rate algorithm, ITU-T I.371). What was refused does not count.

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/thread_annotations.hpp"
#include "push/limits.hpp"

namespace stoa::push {

struct Session;

/// Messages a second; 0: no limit.
struct PublishLimits {
    int sender_per_s = limits::push_sender_messages_per_s_max;
    int account_per_s = limits::push_account_messages_per_s_max;
};

class PublishRates {
  public:
    explicit PublishRates(PublishLimits limits) : limits_(limits) {}

    /// Counts one message. Errors: busy, with api_code QUERY_LIMIT_EXCEEDED and the time after which another is taken.
    Status take(const Session& session, std::int64_t now_us) STOA_EXCLUDES(mutex_);
    /// Forgets who has everything back.
    void age(std::int64_t now_us) STOA_EXCLUDES(mutex_);
    std::size_t senders() const STOA_EXCLUDES(mutex_);

  private:
    struct Sender {
        AccountId account;
        UserId user;
        std::string app;
        bool operator==(const Sender&) const = default;
    };
    struct SenderHash {
        std::size_t operator()(const Sender& sender) const;
    };
    /// When everything is given back.
    using FullAt = std::int64_t;

    const PublishLimits limits_;
    mutable Mutex mutex_;
    std::unordered_map<Sender, FullAt, SenderHash> senders_ STOA_GUARDED_BY(mutex_);
    std::unordered_map<AccountId, FullAt> accounts_ STOA_GUARDED_BY(mutex_);
};

}  // namespace stoa::push
