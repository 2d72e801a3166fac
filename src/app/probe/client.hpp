#pragma once
// Client: what one client of a load does, round by round: mostly records, every fourth time a counter or a transfer.
// Used by its own thread; the ledger is read when that has ended.

#include <atomic>

#include "app/probe/counter_client.hpp"
#include "app/probe/record_client.hpp"
#include "app/probe/transfer_client.hpp"

namespace stoa::app::probe {

/// What the clients of a load have in common; outlives them.
struct Boards {
    explicit Boards(const std::string& run) : counters(run), pairs(run) {}
    CounterBoard counters;
    PairBoard pairs;
    std::int64_t counting_user = 0;  ///< of the webhook; 0: it may not use tasks, so nothing is counted
};

class Client {
  public:
    Client(const Target& target, const CallerOptions& options, Asker::Job job, Measures& measures, Boards& boards);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void work_until(const std::atomic<bool>& stopped);
    const Ledger& ledger() const { return records_.ledger(); }

  private:
    void round(int number);

    Asker asker_;
    RecordClient records_;
    CounterClient counters_;
    TransferClient transfers_;
    const bool counts_;
};

}  // namespace stoa::app::probe
