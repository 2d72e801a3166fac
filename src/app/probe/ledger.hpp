#pragma once
// Ledger: what a client was promised, record by record, to be held against what is stored in the end.
// Pure; one thread at a time.

#include <cstddef>
#include <string>
#include <vector>

#include "base/ids.hpp"

namespace stoa::app::probe {

class Ledger {
  public:
    struct Entry {
        std::string title;  ///< unique
        RecordId id = 0;    ///< 0: its creation was never acknowledged, it may be there or not
        std::string value;  ///< as last acknowledged
        std::string tried;  ///< sent after that and not acknowledged; empty = nothing
    };

    /// What is about to be sent. The number names the entry in the other calls.
    std::size_t creating(std::string title, std::string value);
    void created(std::size_t entry, RecordId id);
    void updating(std::size_t entry, std::string value);
    void updated(std::size_t entry);

    const std::vector<Entry>& entries() const { return entries_; }
    std::size_t acknowledged() const;

  private:
    std::vector<Entry> entries_;
};

struct StoredRecord {
    RecordId id = 0;
    std::string title, value;
};

struct Verdict {
    int lost = 0;                      ///< acknowledged and not there, or there with an older value
    int doubled = 0;                   ///< there more than once
    std::vector<std::string> details;  ///< the first few
};

Verdict compare(const std::vector<Ledger::Entry>& promised, const std::vector<StoredRecord>& stored);

}  // namespace stoa::app::probe
