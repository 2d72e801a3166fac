#pragma once
// Copy: brings the rows of a scope from an embedded store to another one and keeps up with what changes meanwhile. Rows
// are copied in key order, then the move log (capture.hpp) is replayed: each changed row is read as it is now and
// written, or removed where it is gone. Doing something twice does no harm, so a copy may be taken up at any point.
// One thread; blocks.

#include <map>
#include <set>

#include "db/transfer/capture.hpp"
#include "db/transfer/store_write.hpp"

namespace stoa::db::transfer {

struct Store {
    Database& database;
    Engine engine = Engine::sqlite;
};

/// Where the copying of rows stands.
struct CopyPosition {
    std::string table;   ///< the one at work; empty: none yet
    RowValues last_key;  ///< copied up to here
    bool done = false;   ///< all tables are copied
};
std::string to_json(const CopyPosition& position);
/// Text that cannot be read is no position: the copy starts again.
CopyPosition parse_position(std::string_view json);

/// Keys of changed rows by table.
using Touched = std::map<std::string, std::set<RowValues>>;

class Copy {
  public:
    /// `catalogue` is the source's, with the lengths that the target's columns have.
    Copy(Database& source, Store target, Catalogue catalogue, Scope scope, CopyPosition position);

    const Catalogue& catalogue() const { return catalogue_; }
    Scope scope() const { return scope_; }
    const CopyPosition& position() const { return position_; }

    /// One batch, of several tables where they are small; how many rows. Afterwards see position().done.
    Result<std::int64_t> copy_some();

    /// One batch of the log; how many entries. 0: nothing was waiting.
    Result<std::int64_t> replay_some();
    Result<std::int64_t> waiting();                            ///< entries of the log not replayed yet
    std::int64_t replayed_to() const { return replayed_to_; }  ///< may be forgotten up to here

    /// From now on keys that are replayed are noted, beginning with these.
    void note_touched(Touched keys);
    const Touched& touched() const { return touched_; }
    std::size_t touched_rows() const;
    /// Some of them, which count as touched no more: whoever takes them compares them.
    Touched take_touched(std::size_t rows_max);

    Database& source() { return source_; }
    const Store& target() const { return target_; }

  private:
    const TableShape* table_after(const CopyPosition& position) const;

    Database& source_;
    Store target_;
    const Catalogue catalogue_;
    const Scope scope_;
    CopyPosition position_;
    std::int64_t replayed_to_ = 0;
    bool noting_ = false;
    Touched touched_;
};

/// The catalogue of `from` with the column lengths of `to`.
Catalogue with_lengths_of(Catalogue from, const Catalogue& to);

}  // namespace stoa::db::transfer
