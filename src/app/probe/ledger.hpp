#pragma once
// Ledger: what a client was promised, record by record, to be held against what is stored in the end.
// Pure; one thread at a time.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app/probe/verdict.hpp"
#include "app/probe/versions.hpp"
#include "base/ids.hpp"

namespace stoa::app::probe {

class Ledger {
  public:
    struct Entry {
        std::string title;  ///< unique
        RecordId id = 0;    ///< 0: its creation was never acknowledged, it may be there or not
        Versions versions;
    };

    /// What is about to be sent, as version 1. The number names the entry in the other calls.
    std::size_t creating(std::string title);
    void created(std::size_t entry, RecordId id);
    /// The version to send. Not for an entry in doubt.
    std::int64_t updating(std::size_t entry);
    void updated(std::size_t entry);
    /// What the record's field held when its writer read it: empty when that may be, else why not.
    std::string read(std::size_t entry, std::string_view value);

    const Entry& entry(std::size_t number) const { return entries_[number]; }
    const std::vector<Entry>& entries() const { return entries_; }
    std::size_t acknowledged() const;

  private:
    std::vector<Entry> entries_;
};

struct StoredRecord {
    RecordId id = 0;
    std::string title, value;
};

void compare(const std::vector<Ledger::Entry>& promised, const std::vector<StoredRecord>& stored, Verdict& verdict);

}  // namespace stoa::app::probe
