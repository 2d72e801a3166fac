// Load on a push server: clients that listen by WebSocket, messages published by HTTP. One thread; prints one line.
// The same for our server and for nchan, so that a run of each can be laid side by side (see run).

#include <sys/epoll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/file_util.hpp"
#include "sender.hpp"
#include "subscriber.hpp"

namespace stoa::bench {
namespace {

constexpr int kConnectingMax = 200;  ///< handshakes under way
constexpr int kSilenceMs = 20'000;   ///< nothing happens for so long: something was lost
constexpr int kSettleMs = 300;

struct Options {
    std::string name, mode = "fanout", key;
    std::uint16_t port = 0;
    pid_t pid = 0;
    int clients = 1'000, messages = 100, senders = 16;
};

class Bench {
  public:
    explicit Bench(const Options& options)
        : options_(options), target_(options.port, options.key), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        listeners_.on_open = [this] { ++open_; };

        listeners_.on_lost = [] {
            std::fprintf(stderr, "The server closed a connection.\n");
            std::exit(1);
        };
    }

    void run() {
        const ProcessCost empty = cost_of(options_.pid);
        connect_all();
        settle();
        const ProcessCost full = cost_of(options_.pid);
        const double kib = (full.private_kib - empty.private_kib) / options_.clients;
        if (options_.mode == "storm") return storm();
        const std::int64_t begun = now_ns();
        options_.mode == "fanout" ? fan_out() : one_to_one();
        const double took_s = static_cast<double>(now_ns() - begun) / 1e9;
        settle();
        const double cpu_us = (cost_of(options_.pid).cpu_s - full.cpu_s) * 1e6;
        const std::int64_t wanted = options_.mode == "fanout"
                                        ? static_cast<std::int64_t>(options_.clients) * options_.messages
                                        : options_.messages;
        const auto count = static_cast<double>(deliveries_.count());
        std::printf("%-8s %-7s %6d %9.0f/s %7.2f us CPU each %8.2f %8.2f ms  %6.2f KiB  lost %lld doubled %lld\n",
                    options_.name.c_str(), options_.mode.c_str(), options_.clients, count / took_s, cpu_us / count,
                    deliveries_.percentile_ms(0.5), deliveries_.percentile_ms(0.99), kib,
                    static_cast<long long>(wanted - deliveries_.count() + deliveries_.doubled()),
                    static_cast<long long>(deliveries_.doubled()));
    }

  private:
    void connect_all() {
        const bool shared = options_.mode == "fanout";
        for (int i = 0; i < options_.clients; ++i) {
            auto& one = subscribers_.emplace_back(
                std::make_unique<Subscriber>(target_, i, shared ? 0 : i, deliveries_, listeners_));
            wait([&] { return i - open_ < kConnectingMax; });
            one->connect(epoll_.get());
        }
        wait([&] { return open_ == options_.clients; });
    }

    /// The next one when all have the last one.
    void fan_out() {
        Sender sender(epoll_.get(), target_, 0, [](Sender&) {});
        for (int i = 0; i < options_.messages; ++i) {
            sender.publish(0, message_text(i));
            wait([&] { return deliveries_.count() >= static_cast<std::int64_t>(i + 1) * options_.clients; });
        }
    }

    /// Each of the senders has one message on its way.
    void one_to_one() {
        std::int64_t next = 0;
        std::vector<std::unique_ptr<Sender>> senders;
        const auto publish = [&](Sender& sender) {
            if (next == options_.messages) return;
            const std::int64_t number = next++;
            sender.publish(static_cast<int>(number % options_.clients), message_text(number));
        };
        for (int i = 0; i < options_.senders; ++i) {
            senders.push_back(std::make_unique<Sender>(epoll_.get(), target_, i, publish));
            publish(*senders.back());
        }
        wait([&] { return deliveries_.count() >= options_.messages; });
    }

    /// All go at once and come back at once.
    void storm() {
        const double cpu_s = cost_of(options_.pid).cpu_s;
        for (auto& one : subscribers_)
            one->cut();
        open_ = 0;
        const std::int64_t begun = now_ns();
        for (int i = 0; i < options_.clients; ++i) {
            wait([&] { return i - open_ < kConnectingMax; });
            subscribers_[static_cast<std::size_t>(i)]->connect(epoll_.get());
        }
        wait([&] { return open_ == options_.clients; });
        const double took_s = static_cast<double>(now_ns() - begun) / 1e9;
        const double cpu_us = (cost_of(options_.pid).cpu_s - cpu_s) * 1e6 / options_.clients;
        std::printf("%-8s %-7s %6d %9.0f/s %7.2f us CPU each\n", options_.name.c_str(), options_.mode.c_str(),
                    options_.clients, options_.clients / took_s, cpu_us);
    }

    void settle() {
        const std::int64_t until = now_ns() + kSettleMs * 1'000'000LL;
        while (now_ns() < until)
            turn(20);
    }

    template <typename Done>
    void wait(const Done& done) {
        std::int64_t heard_ns = now_ns();
        while (!done()) {
            if (turn(100)) heard_ns = now_ns();
            if (now_ns() - heard_ns < kSilenceMs * 1'000'000LL) continue;
            std::fprintf(stderr, "Nothing came for %d s: %lld deliveries, %d clients connected.\n", kSilenceMs / 1'000,
                         static_cast<long long>(deliveries_.count()), open_);
            std::exit(1);
        }
    }
    bool turn(int longest_ms) {
        std::array<epoll_event, 256> events;
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), longest_ms);
        for (int i = 0; i < count; ++i)
            static_cast<Ready*>(events[static_cast<std::size_t>(i)].data.ptr)->on_ready();
        return count > 0;
    }

    const Options options_;
    const Target target_;
    Fd epoll_;
    Listeners listeners_;
    Deliveries deliveries_;
    int open_ = 0;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
};

int run(int argc, char** argv) {
    Options options;
    std::string key_file;
    CLI::App app("load on a push server");
    app.add_option("--name", options.name)->required();
    app.add_option("--port", options.port)->required();
    app.add_option("--pid", options.pid, "the server's")->required();
    app.add_option("--key", key_file, "file with the key of stoa's channels; without it: nchan");
    app.add_option("--mode", options.mode)->check(CLI::IsMember({"fanout", "1:1", "storm"}));
    app.add_option("--clients", options.clients);
    app.add_option("--messages", options.messages);
    CLI11_PARSE(app, argc, argv);
    if (!key_file.empty()) {
        const auto key = read_file(key_file, 4'096);
        if (!key) {
            std::fprintf(stderr, "%s\n", key.error().message.c_str());
            return 1;
        }
        options.key = key->substr(0, key->find_last_not_of("\r\n") + 1);
    }
    Bench(options).run();
    return 0;
}

}  // namespace
}  // namespace stoa::bench

int main(int argc, char** argv) {
    return stoa::bench::run(argc, argv);
}
