#include "web_load.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>

#include "measured.hpp"
#include "target.hpp"

namespace stoa::bench {
namespace {

constexpr int kConnections = 128;  ///< few would wait for their own answers, which is not what browsers do
constexpr int kLookMs = 50;

}  // namespace

WebLoad::WebLoad(std::uint16_t port, const std::string& path, int rate)
    : request_(http_request("GET", path)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (int i = 0; i < kConnections; ++i) {
        senders_.push_back(
            std::make_unique<Sender>(epoll_.get(), port, i, [this](Sender& sender) { answered(sender); }));
        idle_.push_back(senders_.back().get());
    }
    metronome_ = std::make_unique<Metronome>(*this, rate);
    thread_ = std::thread([this] { run(); });
}

void WebLoad::stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
}

void WebLoad::run() {
    std::array<epoll_event, 64> events;
    while (!stopping_) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), kLookMs);
        for (int i = 0; i < count; ++i)
            static_cast<Ready*>(events[static_cast<std::size_t>(i)].data.ptr)->on_ready();
    }
}

void WebLoad::due(Read read) {
    if (idle_.empty()) return waiting_.push_back(read);
    Sender* const sender = idle_.back();
    idle_.pop_back();
    asked_[sender] = read;
    sender->send(request_);
}

void WebLoad::answered(Sender& sender) {
    const Read read = asked_[&sender];
    if (read.phase != Phase::unmeasured) {
        (read.phase == Phase::before ? before_ns_ : during_ns_).push_back(now_ns() - read.due_ns);
    }
    if (waiting_.empty()) return idle_.push_back(&sender);
    asked_[&sender] = waiting_.front();
    waiting_.pop_front();
    sender.send(request_);
}

void WebLoad::report_to(Report& report) {
    stop();
    const double before_ms = percentile_ms(before_ns_, 0.99), during_ms = percentile_ms(during_ns_, 0.99);
    const double ratio = before_ms == 0 ? 0 : during_ms / before_ms;
    report.add("web_reads_before", static_cast<double>(before_ns_.size()));
    report.add("web_reads_during", static_cast<double>(during_ns_.size()));
    report.add("web_median_before_ms", percentile_ms(before_ns_, 0.5));
    report.add("web_median_during_ms", percentile_ms(during_ns_, 0.5));
    report.add("web_p99_before_ms", before_ms, text_of("reads 99 %%: %.2f ms before,", before_ms));
    report.add("web_p99_during_ms", during_ms, text_of("%.2f ms during,", during_ms));
    report.add("web_p99_ratio", ratio, text_of("%.1f times", ratio));
}

WebLoad::Metronome::Metronome(WebLoad& load, int rate)
    : load_(load),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      interval_ns_(1'000'000'000LL / rate),
      due_ns_(now_ns()) {
    itimerspec spec{};
    spec.it_interval = {interval_ns_ / 1'000'000'000LL, interval_ns_ % 1'000'000'000LL};
    const std::int64_t first_ns = due_ns_ + interval_ns_;
    spec.it_value = {first_ns / 1'000'000'000LL, first_ns % 1'000'000'000LL};
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = static_cast<Ready*>(this);
    ::epoll_ctl(load_.epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &event);
}

void WebLoad::Metronome::on_ready() {
    std::uint64_t ticks = 0;
    if (::read(timer_.get(), &ticks, sizeof ticks) != sizeof ticks) return;
    for (; ticks > 0; --ticks)
        load_.due({due_ns_ += interval_ns_, load_.phase_});
}

}  // namespace stoa::bench
