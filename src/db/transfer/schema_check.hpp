#pragma once
// Finds what a store's tables lack: after an update that was interrupted, or because somebody dropped an index. The
// schema that this program wants is read from an empty embedded store that it made itself, so nothing is described
// twice. Columns and indexes that nobody asked for are left alone. Plain values, any thread.

#include <string>
#include <vector>

#include "db/transfer/table_shape.hpp"

namespace stoa::db::transfer {

struct IndexShape {
    std::string table, name;
    std::vector<std::string> columns;
    bool unique = false;
};

struct StoreSchema {
    Catalogue tables;
    std::vector<IndexShape> indexes;  ///< without primary keys
};

/// Errors: those of read_catalogue().
Result<StoreSchema> read_schema(Tx& tx, Engine engine);

struct SchemaDifference {
    enum class Kind : std::uint8_t {
        table_missing,
        column_missing,
        column_kind,
        column_short,
        key_differs,
        index_missing
    };
    Kind kind = Kind::table_missing;
    std::string table;
    std::string part;       ///< the column or the index
    std::string statement;  ///< DDL that mends it; empty: migrate() may, or an operator must
};
std::string_view name_of(SchemaDifference::Kind kind);
std::string to_text(const SchemaDifference& difference);

/// By table, in the order of `wanted`.
std::vector<SchemaDifference> differences(const StoreSchema& wanted, const StoreSchema& found);

}  // namespace stoa::db::transfer
