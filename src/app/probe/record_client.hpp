#pragma once
// RecordClient: makes a record, reads it at once by id and in a list, changes it, reads it again; goes back to an older
// one now and then. Used by its client's thread; the ledger is read when that has ended.

#include "app/probe/asker.hpp"
#include "app/probe/ledger.hpp"

namespace stoa::app::probe {

class RecordClient {
  public:
    explicit RecordClient(Asker& asker) : asker_(asker) {}

    void round();
    const Ledger& ledger() const { return ledger_; }

  private:
    bool create(std::size_t entry);
    void read(std::size_t entry);
    void find_in_list(std::size_t entry);
    bool update(std::size_t entry);

    Asker& asker_;
    Ledger ledger_;
};

}  // namespace stoa::app::probe
