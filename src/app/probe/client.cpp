#include "app/probe/client.hpp"

namespace stoa::app::probe {
namespace {

constexpr int kRounds = 8;  ///< one of them counts, one transfers

}  // namespace

Client::Client(const Target& target, const CallerOptions& options, Asker::Job job, Measures& measures, Boards& boards)
    : asker_(target, options, std::move(job), measures),
      records_(asker_),
      counters_(asker_, boards.counters, boards.counting_user),
      transfers_(asker_, boards.pairs),
      counts_(boards.counting_user > 0) {}

void Client::work_until(const std::atomic<bool>& stopped) {
    // Not all in step.
    for (int number = asker_.job().number * (kRounds / 2 - 1); !stopped; ++number) {
        round(number % kRounds);
        if (!stopped) asker_.ask_page();
    }
}

void Client::round(int number) {
    if (number == 0 && counts_) {
        counters_.round();
    } else if (number == kRounds / 2) {
        transfers_.round();
    } else {
        records_.round();
    }
}

}  // namespace stoa::app::probe
