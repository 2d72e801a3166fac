#pragma once
// Decides how the wanted number of web hosts is kept. Pure: time and what was seen come in, what to do comes out. One
// thread.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace stoa::cluster::control {

struct WebKeeperOptions {
    /// After the host's lease has expired, which itself takes about its 3 s: a restart of an agent costs no host.
    std::int64_t lost_after_ms = 500;
    /// A host that was added may take so long until it is alive.
    std::int64_t boot_ms = 60'000;
    /// After a failed addition; doubled up to a minute while it goes on failing.
    std::int64_t retry_ms = 2'000;
};

struct WebSight {
    std::set<std::string> wanted;   ///< web hosts of the spec
    std::set<std::string> alive;    ///< that are registered, or answer
    std::set<std::string> drained;  ///< on purpose: alive or not, they are not replaced
    int min = 0;
    int max = 0;
};

struct WebDecision {
    int add = 0;
    std::vector<std::string> remove;  ///< lost, and others are alive in their place
    std::string why;                  ///< one line; empty when nothing is to be done
};

class WebKeeper {
  public:
    explicit WebKeeper(WebKeeperOptions options = {}) : options_(options) {}

    WebDecision decide(const WebSight& sight, std::int64_t now_ms);
    /// The outcome of an addition that decide() asked for. An empty name: it failed.
    void added(const std::string& name, std::int64_t now_ms);

  private:
    WebKeeperOptions options_;
    std::map<std::string, std::int64_t> missing_since_ms_;
    std::map<std::string, std::int64_t> booting_since_ms_;
    std::int64_t not_before_ms_ = 0;
    std::int64_t pause_ms_ = 0;
};

}  // namespace stoa::cluster::control
