// A member that follows, and copies of the data: its own and those it gives.

#include <pthread.h>

#include "base/log.hpp"
#include "base/random.hpp"
#include "cluster/database/member_state.hpp"

namespace stoa::cluster::database {

Status MemberRuntime::Impl::stop_receiving(const Action& action) {
    STOA_CHECK(server_.stop_receiving(settings_.timing.promise_ms));
    STOA_TRY(const auto facts, server_.look(kLookMs));
    if (facts.receiving) return internal_error("The server still receives.");
    self_.received = facts.received;
    self_.receiving = false;
    self_.vote = Vote{action.epoch, facts.received};
    self_.follow_again_us = 0;  // the next leader is another one
    steps_.fenced_us = now_us();
    publish(true);
    return {};
}

Status MemberRuntime::Impl::new_life() {
    const auto identity = self_.life.substr(0, self_.life.find('.'));
    const Status kept = life_suffix_.set(identity + " " + random_alnum(8));
    publish_now_ = true;
    return kept;
}

Status MemberRuntime::Impl::follow(const Action& action, const ClusterView& view) {
    STOA_CHECK(led_.set(""));
    bool thrown_away = false;
    if (!copied_at_.value().empty()) {
        STOA_CHECK(server_.begin_at(Position(copied_at_.value())));
        STOA_CHECK(copied_at_.set(""));
    }
    const auto done = server_.follow({view.leader->address, action.acknowledging}, thrown_away);
    if (thrown_away) STOA_CHECK(new_life());
    self_.follow_again_us = now_us() + (done ? 300'000 : 1'000'000);
    if (apply_failed_) {
        apply_failed_at_ = self_.applied;
        if (++apply_failures_ == 1) {
            log::warn("database_apply_failed", {{"member", settings_.name},
                                                {"applied", self_.applied.text()},
                                                {"problem", problem_},
                                                {"do", "it tries again, then copies the data anew"}});
        }
    }
    STOA_CHECK(done);
    self_.follows_epoch = action.epoch;
    self_.vote.reset();
    publish_now_ = true;
    return {};
}

Status MemberRuntime::Impl::copy(const Action& action, const ClusterView& view) {
    self_.follow_again_us = now_us() + 10'000'000;
    std::string name = action.member;
    for (const auto& [other, member] : view.members) {  // rather not from the leader, who is busy
        if (name.empty() && other != settings_.name && member.in_pool) name = other;
    }
    if (name.empty()) name = view.leader->name;
    const auto from = view.members.find(name);
    if (options_.reseed.dir.empty() || from == view.members.end()) {
        return not_found("There is nobody from whom a copy could be fetched.");
    }
    log::error("database_reseed", {{"member", settings_.name},
                                   {"from", name},
                                   {"why", action.reason},
                                   {"own", self_.applied.text()},
                                   {"do", "compare the old folder if these changes matter"}});
    process_.kill();
    self_.copying = true;
    if (copier_.joinable()) copier_.join();
    copier_ = std::thread([this, name, view] {
        pthread_setname_np(pthread_self(), "db-copy");
        const auto begun = now_us();
        while (process_.pid() != 0 && !stopping_)
            ::usleep(20'000);
        etcd::Client etcd(options_.etcd);
        auto done = fetch_copy(options_.reseed, etcd, keys_, settings_.name, name, [this] { return stopping_.load(); });
        if (done) {
            // Set when it follows; a server that was copied has no log of its own. Empty: its data know it.
            if (auto kept = copied_at_.set(done->text()); !kept) done = std::move(kept).error();
        }
        if (done) {
            log::info("database_reseeded", {{"member", settings_.name}, {"ms", ms_since(begun)}});
        } else {
            log::error("database_reseed_failed", {{"member", settings_.name}, {"problem", done.error().message}});
        }
        if (view.command && view.command->kind == Command::Kind::reseed && view.command->member == settings_.name &&
            view.command->answer.empty()) {
            (void)put_answer(*view.command, done ? "copied" : "failed: " + done.error().message);
        }
        copied_ = done ? Copied::well : Copied::badly;
        wake();
    });
    return {};
}

void MemberRuntime::Impl::give_copies(const ClusterView& view) {
    if (options_.reseed.dir.empty() || self_.server != Self::Server::answers || giving_) return;
    for (const auto& copy : view.copies) {
        if (copy.from != settings_.name || copy.id == given_) continue;
        given_ = copy.id;
        giving_ = true;
        if (giver_.joinable()) giver_.join();
        giver_ = std::thread([this, copy] {
            pthread_setname_np(pthread_self(), "db-give-copy");
            const auto begun = now_us();
            const auto sent = send_copy(options_.reseed, copy.to, [this] { return stopping_.load(); });
            log::write(sent ? log::Level::info : log::Level::error, "database_copy_given",
                       {{"member", settings_.name},
                        {"to", copy.to},
                        {"ms", ms_since(begun)},
                        {"problem", sent ? std::string_view() : std::string_view(sent.error().message)}});
            giving_ = false;
        });
        return;
    }
}

}  // namespace stoa::cluster::database
