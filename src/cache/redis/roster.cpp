#include "cache/redis/roster.hpp"

#include <utility>

#include "cache/redis/lease_times.hpp"

namespace stoa::cache::redis {

void Roster::saw(const std::vector<Member>& members, std::int64_t now_us) {
    std::unordered_map<std::string, Known> listed;
    for (const Member& member : members) {
        const auto known = members_.find(member.id);
        const bool same = known != members_.end() && known->second.renewal == member.renewal;
        listed[member.id] = {member.renewal, same ? known->second.since_us : now_us};
    }
    members_ = std::move(listed);
}

std::vector<Holder> Roster::holders(std::int64_t now_us) const {
    std::vector<Holder> out;
    for (const auto& [id, known] : members_) {
        if (known.since_us + kLeaseUs > now_us) out.push_back({id, known.since_us + kLeaseUs});
    }
    return out;
}

std::vector<Member> Roster::lapsed(std::int64_t now_us) const {
    std::vector<Member> out;
    for (const auto& [id, known] : members_) {
        if (known.since_us + kLeaseUs <= now_us) out.push_back({id, known.renewal});
    }
    return out;
}

}  // namespace stoa::cache::redis
