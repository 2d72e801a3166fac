#pragma once
// What a move needs on both sides, opened and checked: private to move*.cpp. One thread.

#include <memory>

#include "db/shared_words.hpp"
#include "db/transfer/move.hpp"

namespace stoa::db::transfer {

/// The mover's right to the store: at most one process has it.
class MoveLock {
  public:
    static Result<MoveLock> take(const std::string& source_path);
    SharedWords& words() const { return *words_; }

  private:
    explicit MoveLock(std::unique_ptr<SharedWords> words) : words_(std::move(words)) {}
    std::unique_ptr<SharedWords> words_;  ///< closing its file lets the lock go
};

/// Both ends of a move.
struct Ends {
    std::unique_ptr<Database> source;
    std::unique_ptr<Database> target;
    ~Ends();
};

Result<std::unique_ptr<Database>> open_source(const MoveOptions& options);
Result<std::unique_ptr<Database>> open_target(const MoveOptions& options);

struct SourceTables {
    std::vector<HomeRow> homes;
    std::vector<TransferRow> transfers;
};
Result<SourceTables> read_source(Database& source);

/// The unfinished move out of the store; null when there is none.
const TransferRow* outgoing(const SourceTables& tables);

/// Error: conflict when the row is of another account or goes to another address than asked for.
Status check_same(const TransferRow& row, const MoveOptions& options);

}  // namespace stoa::db::transfer
