#pragma once
// TransferClient: moves amounts between two deals of its own, in one batch, which is one write; and looks at pairs of
// others, both deals in one list, which is one statement. Used by its client's thread.

#include "app/probe/asker.hpp"
#include "app/probe/pair_board.hpp"

namespace stoa::app::probe {

class TransferClient {
  public:
    TransferClient(Asker& asker, PairBoard& board) : asker_(asker), board_(board) {}

    void round();

  private:
    bool open();
    bool move(const PairBoard::Ticket& ticket);
    void read_both(const PairBoard::Ticket& ticket);
    void read_one(const PairBoard::Ticket& ticket);
    void look_at_another();
    using Judge = std::function<std::string(const StoredSide& left, const StoredSide& right)>;
    void list(RecordId left, RecordId right, const Judge& judge);

    Asker& asker_;
    PairBoard& board_;
    int rounds_ = 0;
};

}  // namespace stoa::app::probe
