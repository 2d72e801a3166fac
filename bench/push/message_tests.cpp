// Messages to all on one channel, and to one of many channels each.

#include <algorithm>

#include "report.hpp"
#include "tests.hpp"

namespace stoa::bench {
namespace {

constexpr int kSendersMax = 1'000;  ///< users whose messages they are: each may send only so many in a second

/// The next one when all have the last one.
void publish_to_all(Load& load) {
    Sender sender(load.epoll(), load.target().publish_port(), 0, [](Sender&) {});
    for (int i = 0; i < load.options().messages; ++i) {
        sender.send(load.target().publish_request(0, i % kSendersMax, message_text(i)));
        load.wait(
            [&] { return load.deliveries().count() >= static_cast<std::int64_t>(i + 1) * load.options().clients; });
    }
}

/// Connections that publish, each one message at a time, to one channel after another.
class Publishers {
  public:
    explicit Publishers(Load& load) : load_(load) {
        for (int i = 0; i < load.options().senders; ++i) {
            senders_.push_back(std::make_unique<Sender>(load.epoll(), load.target().publish_port(), i,
                                                        [this](Sender& sender) { answered(sender); }));
            idle_.push_back(senders_.back().get());
        }
    }
    /// As many as are free, up to that number of messages in all.
    void publish_until(std::int64_t number) {
        until_ = std::min<std::int64_t>(number, load_.options().messages);
        while (next_ < until_ && !idle_.empty()) {
            Sender* const sender = idle_.back();
            idle_.pop_back();
            publish(*sender);
        }
    }

  private:
    void publish(Sender& sender) {
        const std::int64_t number = next_++;
        const auto channel = static_cast<int>(number % load_.options().clients);
        sender.send(load_.target().publish_request(channel, channel, message_text(number)));
    }
    void answered(Sender& sender) {
        if (next_ < until_) return publish(sender);
        idle_.push_back(&sender);
    }

    Load& load_;
    std::vector<std::unique_ptr<Sender>> senders_;
    std::vector<Sender*> idle_;
    std::int64_t next_ = 0, until_ = 0;
};

void publish_to_each(Load& load) {
    Publishers publishers(load);
    const int rate = load.options().rate, window = load.options().window;
    const auto done = [&] {
        const std::int64_t heard = load.deliveries().count();
        publishers.publish_until(window == 0 ? load.options().messages : heard + window);
        return heard >= load.options().messages;
    };
    if (rate == 0) return load.wait(done);
    const std::int64_t begun_ns = now_ns();
    const auto due = [&] { return (now_ns() - begun_ns) / 1'000 * rate / 1'000'000; };
    while (due() < load.options().messages) {
        publishers.publish_until(due());
        load.run_for(1);
    }
    load.wait(done);
}

void report(Load& load, double took_s, double cpu_s, double kib, std::int64_t wanted) {
    Deliveries& deliveries = load.deliveries();
    const auto count = static_cast<double>(deliveries.count());
    const double median_ms = deliveries.percentile_ms(0.5), p99_ms = deliveries.percentile_ms(0.99);
    const auto lost = static_cast<double>(wanted - deliveries.count() + deliveries.doubled());
    const auto doubled = static_cast<double>(deliveries.doubled());
    Report out(load.options());
    out.add("deliveries_per_s", count / took_s, text_of("%8.0f/s", count / took_s));
    out.add("cpu_us_per_delivery", cpu_s * 1e6 / count, text_of("%7.2f us CPU each", cpu_s * 1e6 / count));
    out.add("median_ms", median_ms, text_of("%8.2f", median_ms));
    out.add("p99_ms", p99_ms, text_of("%8.2f ms", p99_ms));
    out.add("kib_per_client", kib, text_of("%6.2f KiB", kib));
    out.add("lost", lost, text_of("lost %.0f", lost));
    out.add("doubled", doubled, text_of("doubled %.0f", doubled));
    out.print();
}

void measure(Load& load, double kib, std::int64_t wanted, void (*publish)(Load&)) {
    const double cpu_before_s = load.cost().cpu_s;
    const std::int64_t begun_ns = now_ns();
    publish(load);
    const double took_s = static_cast<double>(now_ns() - begun_ns) / 1e9;
    load.settle();
    report(load, took_s, load.cost().cpu_s - cpu_before_s, kib, wanted);
}

}  // namespace

void fan_out(Load& load) {
    const double kib = load.connect_all(true);
    const std::int64_t wanted = static_cast<std::int64_t>(load.options().clients) * load.options().messages;
    measure(load, kib, wanted, publish_to_all);
}

void one_to_one(Load& load) {
    const double kib = load.connect_all(false);
    measure(load, kib, load.options().messages, publish_to_each);
}

}  // namespace stoa::bench
