#pragma once
// Reads of a web server at a fixed rate, on a thread of their own, and how long each took from the moment at which it
// was due: a server that falls behind cannot hide it.

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/fd.hpp"
#include "report.hpp"
#include "sender.hpp"

namespace stoa::bench {

class WebLoad {
  public:
    enum class Phase { unmeasured, before, during };

    WebLoad(std::uint16_t port, const std::string& path, int rate);
    ~WebLoad() { stop(); }
    WebLoad(const WebLoad&) = delete;
    WebLoad& operator=(const WebLoad&) = delete;

    /// Of what is due from now on.
    void set_phase(Phase phase) { phase_ = phase; }
    /// Ends it and adds what it has found: the 99th percentile of both phases and their ratio.
    void report_to(Report& report);

  private:
    /// Wakes the thread as often as the rate is.
    class Metronome : public Ready {
      public:
        Metronome(WebLoad& load, int rate);
        void on_ready() override;

      private:
        WebLoad& load_;
        Fd timer_;
        const std::int64_t interval_ns_;
        std::int64_t due_ns_;
    };
    struct Read {
        std::int64_t due_ns = 0;
        Phase phase = Phase::unmeasured;
    };

    void stop();
    void run();
    void due(Read read);
    void answered(Sender& sender);

    const std::string request_;
    Fd epoll_;
    std::unique_ptr<Metronome> metronome_;
    std::vector<std::unique_ptr<Sender>> senders_;
    std::vector<Sender*> idle_;
    std::unordered_map<Sender*, Read> asked_;
    std::deque<Read> waiting_;
    std::vector<std::int64_t> before_ns_, during_ns_;
    std::atomic<Phase> phase_{Phase::unmeasured};
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace stoa::bench
