#pragma once
// Load: clients that work until finish(), then everything they were promised is looked for. start(), finish() and the
// destructor on one thread; measures() from any.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/probe/client.hpp"
#include "app/probe/load_report.hpp"

namespace stoa::app::probe {

struct LoadOptions {
    int clients = 8;
    int pause_ms = 20;  ///< of each client between its requests
    CallerOptions caller{};
    bool keep = false;  ///< leave the records that were made
};

class Load {
  public:
    /// Logs in and sets the clients to work. Errors: the portal cannot be reached, the link was used already.
    static Result<std::unique_ptr<Load>> start(const Target& target, const LoadOptions& options);
    ~Load();
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    Measures& measures() { return measures_; }
    /// Stops the clients, compares, removes the records. Errors: what is stored cannot be read.
    Result<LoadReport> finish();

  private:
    Load(Target target, const LoadOptions& options);
    Status log_in();
    void stop();
    Status look_up_webhook(Caller& caller);
    /// Reads everything back, compares, removes.
    Status judge(LoadReport& report);

    const Target target_;
    const LoadOptions options_;
    const std::string run_;
    std::string cookie_;
    Boards boards_;
    Measures measures_;
    std::atomic<bool> stopped_{false};
    std::int64_t begin_us_ = 0;
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<std::thread> threads_;
};

}  // namespace stoa::app::probe
