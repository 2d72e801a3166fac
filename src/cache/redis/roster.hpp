#pragma once
// Roster: the processes that may hold leases, as the store listed them, and until when, on this process's clock. A
// member whose number of renewals stands still holds no lease that began after we first saw that number. One thread.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace stoa::cache::redis {

struct Member {
    std::string id;
    std::uint64_t renewal = 0;  ///< counts up with each
};

/// Somebody who may hold a lease, and when it has ended unless it was renewed.
struct Holder {
    std::string id;
    std::int64_t ends_us = 0;
};

class Roster {
  public:
    /// The whole list, as an answer brought it.
    void saw(const std::vector<Member>& members, std::int64_t now_us);
    std::vector<Holder> holders(std::int64_t now_us) const;
    /// To be struck off the store's list, unless they have renewed since.
    std::vector<Member> lapsed(std::int64_t now_us) const;

  private:
    struct Known {
        std::uint64_t renewal = 0;
        std::int64_t since_us = 0;  ///< when this number was first seen
    };
    std::unordered_map<std::string, Known> members_;
};

}  // namespace stoa::cache::redis
