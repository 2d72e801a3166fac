#include "db/transfer/write_hold.hpp"

#include "base/clock.hpp"

namespace stoa::db::transfer {
namespace {

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

Error let_go() {
    return {Errc::timeout, "The switch took too long; the writers were let go.", {}, {}, 1};
}

}  // namespace

Result<std::unique_ptr<WriteHold>> WriteHold::acquire(Database& database, int wait_ms, int hold_ms) {
    std::unique_ptr<WriteHold> hold(new WriteHold());
    hold->shared_ = std::make_shared<Shared>();
    hold->done_ = hold->shared_->done.get_future();
    WriteRequest request;
    request.timeout_ms = wait_ms;
    database.write(
        std::move(request),
        [shared = hold->shared_, hold_ms](WriteTx& tx) { return wait_inside(*shared, tx, hold_ms); },
        [shared = hold->shared_](Result<WriteOutcome> outcome) {
            shared->done.set_value(outcome ? Status() : Status(std::move(outcome).error()));
            const MutexLock lock(shared->mutex);
            shared->held = true;  // or never: whoever waits for it looks at the result
            shared->changed.notify_all();
        });
    MutexLock lock(hold->shared_->mutex);
    while (!hold->shared_->held)
        hold->shared_->changed.wait(hold->shared_->mutex);
    if (hold->done_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
        Status refused = hold->done_.get();
        hold->shared_ = nullptr;
        return refused ? let_go() : std::move(refused).error();
    }
    hold->held_since_us_ = now_us();
    hold->until_us_ = hold->held_since_us_ + std::int64_t{hold_ms} * 1000;
    return hold;
}

/// On the writer thread, with the lock.
Result<std::string> WriteHold::wait_inside(Shared& shared, WriteTx& tx, int hold_ms) {
    std::function<Status(WriteTx&)> fn;
    {
        MutexLock lock(shared.mutex);
        shared.held = true;
        shared.changed.notify_all();
        const std::int64_t until_us = now_us() + std::int64_t{hold_ms} * 1000;
        while (!shared.decided && now_us() < until_us)
            (void)shared.changed.wait_us(shared.mutex, until_us - now_us());
        if (!shared.decided) return let_go();
        fn = std::move(shared.fn);
    }
    if (!fn) return Error{Errc::conflict, "The switch was called off."};
    STOA_CHECK(fn(tx));
    return std::string();
}

WriteHold::~WriteHold() {
    if (shared_ != nullptr) (void)decide({});
}

Status WriteHold::commit(std::function<Status(WriteTx&)> fn) {
    return decide(std::move(fn));
}

Status WriteHold::decide(std::function<Status(WriteTx&)> fn) {
    {
        const MutexLock lock(shared_->mutex);
        shared_->fn = std::move(fn);
        shared_->decided = true;
        shared_->changed.notify_all();
    }
    shared_ = nullptr;
    return done_.get();
}

std::int64_t WriteHold::left_ms() const {
    return (until_us_ - now_us()) / 1000;
}

}  // namespace stoa::db::transfer
