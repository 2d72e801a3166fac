#pragma once
// CounterClient: adds to counters that all clients share, and reads what they come to. A counter is a task, an
// increment an entry of time spent on it: the portal keeps their sum in the task, within the same write. Used by its
// client's thread.

#include "app/probe/asker.hpp"
#include "app/probe/counter_board.hpp"

namespace stoa::app::probe {

class CounterClient {
  public:
    CounterClient(Asker& asker, CounterBoard& board, std::int64_t user) : asker_(asker), board_(board), user_(user) {}

    void round();

  private:
    bool open(CounterBoard::Turn& turn);
    void add(const CounterBoard::Turn& turn);
    void read(const CounterBoard::Turn& turn);
    void find_in_list(const CounterBoard::Turn& turn);

    Asker& asker_;
    CounterBoard& board_;
    const std::int64_t user_;  ///< of the webhook; it is responsible for the tasks
};

}  // namespace stoa::app::probe
