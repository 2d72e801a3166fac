#include "net/io_thread.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>

#include "net/connection.hpp"
#include "net/response_head.hpp"

namespace stoa::net {
namespace {

constexpr int kTickMsMax = 250;
constexpr int kTickMsMin = 5;

int tick_interval_ms(const Timeouts& t) {
    const int shortest = std::min({t.header_ms, t.body_ms, t.idle_ms, t.request_ms, t.write_ms});
    return std::clamp(shortest / 8, kTickMsMin, kTickMsMax);
}

/// Signals are the main thread's business; and OpenSSL's writes must not raise SIGPIPE.
void block_signals() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
        sigdelset(&all, fault);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

/// Lets the fibers go on whose sockets have become ready.
class IoThread::FiberWatch final : public IoLoop::Target, public std::enable_shared_from_this<FiberWatch> {
  public:
    FiberWatch(IoLoop& loop, Fibers& fibers) : fibers_(fibers), watch_(loop, ::dup(fibers.fd())) {}
    void begin() { watch_.wait(IoLoop::Ready::to_read, shared_from_this()); }
    void on_ready(IoLoop::Ready) override {
        fibers_.resume_ready();
        begin();
    }

  private:
    Fibers& fibers_;
    IoLoop::Watch watch_;
};

IoThread::IoThread(ServerCore& core)
    : core_(core),
      fibers_({.running_max = core.options.fibers_running_max}),
      read_buffer_(Connection::kReadBufferBytes) {
    refresh_date();
}
IoThread::~IoThread() {
    stop();
}

void IoThread::start() {
    loop_->every(tick_interval_ms(core_.options.timeouts), [this] { tick(); });
    thread_ = std::thread([this] {
        block_signals();
        ::pthread_setname_np(::pthread_self(), "net-io");
        const Fibers::Home home(fibers_);
        fiber_watch_ = std::make_shared<FiberWatch>(*loop_, fibers_);
        fiber_watch_->begin();
        loop_->run([this] {
            fibers_.close();
            fiber_watch_.reset();
            while (!clients_.empty())
                clients_.back()->close();
        });
    });
}

void IoThread::stop() {
    if (!thread_.joinable()) return;
    loop_->stop();
    thread_.join();
}

void IoThread::adopt(Accepted accepted) {
    count_.fetch_add(1, std::memory_order_relaxed);
    if (loop_->in_loop()) return open(std::move(accepted));
    const auto box = std::make_shared<Accepted>(std::move(accepted));  // tasks must be copyable
    if (!loop_->post([this, box] { open(std::move(*box)); })) count_.fetch_sub(1, std::memory_order_relaxed);
}

void IoThread::open(Accepted accepted) {
    std::shared_ptr<Connection> connection;
    try {
        connection = std::make_shared<Connection>(*this, std::move(accepted), clients_.size());
        clients_.push_back(connection);
    } catch (...) {
        count_.fetch_sub(1, std::memory_order_relaxed);
        throw;
    }
    connection->start();
}

void IoThread::forget(std::size_t slot) {
    // Keeps the last one's slot right after the swap.
    std::swap(clients_[slot], clients_.back());
    clients_[slot]->set_slot(slot);
    clients_.pop_back();
    count_.fetch_sub(1, std::memory_order_relaxed);
}

void IoThread::drain() {
    loop_->post([this] {
        for (std::size_t i = clients_.size(); i-- > 0;) {
            if (i < clients_.size()) std::shared_ptr(clients_[i])->begin_drain();
        }
    });
}

void IoThread::close_all() {
    loop_->post([this] {
        while (!clients_.empty())
            clients_.back()->close();
    });
}

void IoThread::tick() {
    refresh_date();
    const std::int64_t now = now_ms();
    // From the back: a connection that closes is replaced by the last one, which was looked at already.
    for (std::size_t i = clients_.size(); i-- > 0;) {
        if (i < clients_.size() && clients_[i]->deadline_ms() <= now) std::shared_ptr(clients_[i])->on_deadline();
    }
}

void IoThread::refresh_date() {
    const std::time_t now = std::time(nullptr);
    if (now == date_s_) return;
    date_s_ = now;
    date_ = http_date(now);
}

}  // namespace stoa::net
