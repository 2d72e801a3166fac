#include "push/subscriber.hpp"

#include <algorithm>

#include "model/limits.hpp"

namespace stoa::push {

Subscriber::Subscriber(std::shared_ptr<Account> account, std::shared_ptr<Shard> shard, Session session)
    : account_(std::move(account)), shard_(std::move(shard)), session_(std::move(session)) {
    for (const WatchedTag& tag : session_.tags)
        watch(tag.route);
}

std::optional<Resumed> Subscriber::join() {
    std::vector<EntryPtr> missed;
    std::optional<Account::Joined> joined =
        account_->join(*shard_, session_, [&](const EntryPtr& entry) { missed.push_back(entry); });
    if (!joined) return std::nullopt;
    joined_ = true;
    shard_->add(*this);
    for (const std::string& route : session_.routes)
        shard_->add(session_.account, route, *this);
    for (const EntryPtr& entry : missed) {
        if (joined_) deliver(entry, false);
    }
    position_ = joined->position;
    return std::move(joined->resumed);
}

void Subscriber::leave() {
    if (!joined_) return;
    joined_ = false;
    for (const std::string& route : session_.routes)
        shard_->remove(session_.account, route, *this);
    shard_->remove(*this);
    account_->leave(*shard_, session_);
}

void Subscriber::listen(const std::string& route) {
    if (std::find(session_.routes.begin(), session_.routes.end(), route) != session_.routes.end()) return;
    session_.routes.push_back(route);
    if (joined_) shard_->add(session_.account, route, *this);
}

void Subscriber::watch(const std::string& route) {
    if (std::find(watched_.begin(), watched_.end(), route) != watched_.end()) return;
    if (watched_.size() == limits::push_tags_max) {
        stop_listening(watched_.front());
        watched_.erase(watched_.begin());
    }
    watched_.push_back(route);
    listen(route);
}

void Subscriber::watch_only(const std::vector<std::string>& routes) {
    for (std::size_t i = watched_.size(); i-- > 0;) {
        if (std::find(routes.begin(), routes.end(), watched_[i]) != routes.end()) continue;
        stop_listening(watched_[i]);
        watched_.erase(watched_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (const std::string& route : routes)
        watch(route);
}

void Subscriber::stop_listening(const std::string& route) {
    if (std::erase(session_.routes, route) > 0 && joined_) shard_->remove(session_.account, route, *this);
}

}  // namespace stoa::push
