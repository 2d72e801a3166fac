#include "push/presence.hpp"

#include <algorithm>
#include <utility>

namespace stoa::push {
namespace {

using Kind = PresenceNews::Kind;

}  // namespace

bool Presence::came(UserId user) {
    Own& own = own_[user];
    ++own.connections;
    return !std::exchange(own.shown, true);
}

void Presence::left(UserId user, std::int64_t now_us) {
    Own& own = own_[user];
    if (--own.connections == 0) own.left_us = now_us;
}

std::vector<UserId> Presence::take_gone(std::int64_t now_us) {
    std::vector<UserId> gone;
    for (auto at = own_.begin(); at != own_.end();) {
        Own& own = at->second;
        const std::int64_t gone_us = own.connections > 0 ? 0 : now_us - own.left_us;
        if (own.shown && gone_us > times_.grace_us) {
            own.shown = false;
            gone.push_back(at->first);
        }
        at = gone_us > times_.remembered_us ? own_.erase(at) : std::next(at);
    }
    return gone;
}

std::vector<UserId> Presence::here() const {
    std::vector<UserId> out;
    for (const auto& [user, own] : own_) {
        if (own.shown) out.push_back(user);
    }
    return out;
}

bool Presence::known_anywhere(UserId user) const {
    return std::any_of(known_.begin(), known_.end(), [&](const auto& one) { return one.second.contains(user); });
}

/// Replaces what is known of the process when the last part is there. A part whose beginning was missed is none.
void Presence::take_part(const PresenceNews& news) {
    if (!news.begins && !partly_.contains(news.node)) return;
    Users& users = partly_[news.node];
    if (news.begins) users.clear();
    users.insert(news.users.begin(), news.users.end());
    if (!news.ends) return;
    unconfirmed_.erase(news.node);
    if (users.empty()) {
        known_.erase(news.node);
    } else {
        known_[news.node] = std::move(users);
    }
    partly_.erase(news.node);
}

bool Presence::is_new(const PresenceNews& news) {
    std::uint64_t& last = heard_[news.node];
    if (news.number <= last) return false;
    last = news.number;
    return true;
}

std::vector<StatusChange> Presence::hear(const PresenceNews& news, const std::string& self, std::int64_t now_us) {
    const std::string& whose = news.kind == Kind::gone ? news.dead : news.node;
    Users concerned(news.users.begin(), news.users.end());
    if (news.kind == Kind::here || news.kind == Kind::gone) {
        if (const auto all = known_.find(whose); all != known_.end())
            concerned.insert(all->second.begin(), all->second.end());
        if (const auto part = partly_.find(whose); part != partly_.end())
            concerned.insert(part->second.begin(), part->second.end());
    }
    Users before;
    for (const UserId user : concerned) {
        if (known_anywhere(user)) before.insert(user);
    }
    switch (news.kind) {
        case Kind::came:
            known_[whose].insert(news.users.begin(), news.users.end());
            break;
        case Kind::left:
            if (const auto all = known_.find(whose); all != known_.end()) {
                for (const UserId user : news.users)
                    all->second.erase(user);
                if (all->second.empty()) known_.erase(all);
            }
            break;
        case Kind::here:
            take_part(news);
            break;
        case Kind::gone:
            known_.erase(whose);
            partly_.erase(whose);
            heard_.erase(whose);
            unconfirmed_.erase(whose);
            break;
        case Kind::who:
            break;
    }
    std::vector<StatusChange> changes;
    for (const UserId user : concerned) {
        const bool online = known_anywhere(user);
        if (online == before.contains(user)) continue;
        changes.push_back({user, online});
        if (online || whose == self) continue;
        Own& own = own_[user];
        own.left_us = std::max(own.left_us, now_us - times_.grace_us);
    }
    if (news.node != self) changes.clear();
    return changes;
}

void Presence::doubt(const std::string& self, std::int64_t now_us) {
    doubted_us_ = now_us;
    for (const auto& [node, users] : known_) {
        if (node != self) unconfirmed_.insert(node);
    }
}

std::vector<std::string> Presence::take_unconfirmed(std::int64_t now_us) {
    if (unconfirmed_.empty() || now_us - doubted_us_ < times_.confirm_us) return {};
    doubted_us_ = now_us;  // asked again later if the answer to this is lost, too
    return {unconfirmed_.begin(), unconfirmed_.end()};
}

std::optional<std::int64_t> Presence::last_seen_s(UserId user, const std::string& self, bool with_others,
                                                  std::int64_t now_us) const {
    const auto own = own_.find(user);
    if (own != own_.end() && own->second.connections > 0) return 0;
    const bool elsewhere = with_others && std::any_of(known_.begin(), known_.end(), [&](const auto& one) {
                               return one.first != self && one.second.contains(user);
                           });
    if (elsewhere) return 0;
    if (own == own_.end()) return std::nullopt;
    return std::max<std::int64_t>(1, (now_us - own->second.left_us) / 1'000'000);
}

}  // namespace stoa::push
