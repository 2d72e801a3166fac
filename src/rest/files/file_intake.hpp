#pragma once
// FileIntake: contents of files go from a request into the store before its transaction begins. When done() says so,
// the bytes are durable, and the parameters hold markers instead (api/file_input.hpp).
//
// Threads: take() and put() on a worker, for decoding and hashing take time; they return before the store has answered,
// so a store that hangs holds no worker and no I/O thread. done() runs once, on a thread of the store or the database
// (or at once), and must not block.
// Errors: unavailable and busy with a retry time, nothing half done: bytes that no transaction names are removed later.

#include <functional>
#include <memory>
#include <vector>

#include "api/call.hpp"
#include "api/file_input.hpp"
#include "db/database.hpp"
#include "rest/exchange.hpp"
#include "rest/files/file_options.hpp"
#include "rest/files/memory_share.hpp"

namespace stoa::rest {

class FileIntake {
  public:
    using Done = std::function<void(Status)>;

    /// `hold_ms`: how long the note about the bytes may wait for a database that takes writes.
    FileIntake(const api::Services& services, db::Database& database, files::Store* store, MemoryShares& memory,
               int hold_ms)
        : services_(services), database_(database), store_(store), memory_(memory), hold_ms_(hold_ms) {}

    /// Whether a parameter may hold a file: then take() must come before the call runs. Cheap.
    static bool wanted(const Exchange& exchange);
    /// Finds contents in the parameters of the call, or of the commands of a batch.
    void take(const std::shared_ptr<Exchange>& exchange, Done done);
    /// Contents that are at hand already. Their markers count from 0.
    void put(const std::shared_ptr<Exchange>& exchange, std::vector<api::FileContent> contents, Done done);

  private:
    struct Load;
    Status find_contents(Exchange& exchange, std::vector<api::FileContent>& contents);
    void put_noted(const std::shared_ptr<Load>& load);

    const api::Services& services_;
    db::Database& database_;
    files::Store* const store_;
    MemoryShares& memory_;
    const int hold_ms_;
};

}  // namespace stoa::rest
