#include "net/server.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include "net/io_thread.hpp"
#include "net/listener.hpp"

namespace stoa::net {

class Server::Impl {
  public:
    Impl(ServerOptions options, Handler handler) {
        core_.options = std::move(options);
        core_.handler = std::move(handler);
        const int threads = std::max(core_.options.io_threads, 1);
        for (int i = 0; i < threads; ++i)
            core_.threads.push_back(std::make_unique<IoThread>(core_));
    }

    Status start();
    std::vector<std::uint16_t> ports() const { return ports_; }
    void drain(int timeout_ms);
    void stop();
    void every(int interval_ms, std::function<void()> fn);

  private:
    IoLoop& first_loop() { return core_.threads.front()->loop(); }
    void close_listeners();
    bool wait_until_empty(int timeout_ms) const;

    ServerCore core_;
    std::vector<std::shared_ptr<Listener>> listeners_;  // shared: their pending waits hold them too
    std::vector<std::uint16_t> ports_;
    bool started_ = false;
};

Status Server::Impl::start() {
    const auto& options = core_.options;
    const bool any_tls =
        std::any_of(options.listen.begin(), options.listen.end(), [](const Listen& l) { return l.tls; });
    if (any_tls) {
        STOA_TRY(core_.tls, make_server_context(options.certificate_pem, options.private_key_pem));
        core_.options.private_key_pem.clear();
    }
    std::vector<std::shared_ptr<Listener>> listeners;
    for (const Listen& where : options.listen) {
        STOA_TRY(auto listener, Listener::open(core_, where));
        listeners.push_back(std::move(listener));
    }
    listeners_ = std::move(listeners);
    for (const auto& listener : listeners_)
        ports_.push_back(listener->port());
    for (auto& thread : core_.threads)
        thread->start();
    started_ = true;
    first_loop().post([this] {
        for (const auto& listener : listeners_)
            listener->start(first_loop());
    });
    return {};
}

void Server::Impl::drain(int timeout_ms) {
    if (!started_) return;
    const auto end = now_ms() + timeout_ms;
    core_.draining = true;
    close_listeners();
    for (auto& thread : core_.threads)
        thread->drain();
    if (wait_until_empty(timeout_ms)) return;
    for (auto& thread : core_.threads)
        thread->close_all();
    wait_until_empty(static_cast<int>(std::max<std::int64_t>(end - now_ms(), 0)) + 100);
}

void Server::Impl::stop() {
    if (!started_) return;
    started_ = false;
    close_listeners();
    for (auto& thread : core_.threads)
        thread->stop();
}

void Server::Impl::every(int interval_ms, std::function<void()> fn) {
    if (!started_) return first_loop().every(interval_ms, std::move(fn));
    first_loop().post([this, interval_ms, fn = std::move(fn)] { first_loop().every(interval_ms, fn); });
}

void Server::Impl::close_listeners() {
    std::promise<void> closed;
    const bool posted = first_loop().post([&] {
        for (const auto& listener : listeners_)
            listener->close();
        closed.set_value();
    });
    if (posted) closed.get_future().wait();
}

bool Server::Impl::wait_until_empty(int timeout_ms) const {
    const auto end = now_ms() + timeout_ms;
    while (true) {
        int total = 0;
        for (const auto& thread : core_.threads)
            total += thread->connection_count();
        if (total == 0) return true;
        if (now_ms() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

Server::Server(ServerOptions options, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}
Server::~Server() {
    stop();
}

Status Server::start() {
    return impl_->start();
}
std::vector<std::uint16_t> Server::ports() const {
    return impl_->ports();
}
void Server::drain(int timeout_ms) {
    impl_->drain(timeout_ms);
}
void Server::stop() {
    impl_->stop();
}
void Server::every(int interval_ms, std::function<void()> fn) {
    impl_->every(interval_ms, std::move(fn));
}

}  // namespace stoa::net
