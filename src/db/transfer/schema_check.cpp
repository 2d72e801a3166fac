#include "db/transfer/schema_check.hpp"

#include <algorithm>

namespace stoa::db::transfer {
namespace {

using Kind = SchemaDifference::Kind;

/// table, index, whether it is unique, column; by index and position.
std::string_view indexes_sql(Engine engine) {
    if (engine == Engine::sqlite) {
        return "SELECT m.name, l.name, l.\"unique\", i.name FROM sqlite_schema m JOIN pragma_index_list(m.name) l "
               "JOIN pragma_index_info(l.name) i WHERE m.type = 'table' AND l.origin <> 'pk' "
               "ORDER BY m.name, l.name, i.seqno";
    }
    return "SELECT table_name, index_name, 1 - non_unique, column_name FROM information_schema.statistics "
           "WHERE table_schema = database() AND index_name <> 'PRIMARY' ORDER BY table_name, index_name, seq_in_index";
}

std::string quoted(std::string_view name) {
    return "`" + std::string(name) + "`";
}

std::string create_index(const IndexShape& index) {
    std::string columns;
    for (const std::string& column : index.columns)
        columns += (columns.empty() ? "" : ", ") + quoted(column);
    return std::string("CREATE ") + (index.unique ? "UNIQUE " : "") + "INDEX " + quoted(index.name) + " ON " +
           quoted(index.table) + " (" + columns + ")";
}

std::vector<std::string_view> key_names(const TableShape& table) {
    std::vector<std::string_view> names;
    for (const std::size_t position : table.key)
        names.emplace_back(table.columns[position].name);
    return names;
}

void compare_table(const TableShape& wanted, const TableShape& found, std::vector<SchemaDifference>& out) {
    for (const ColumnShape& column : wanted.columns) {
        const int position = found.position_of(column.name);
        if (position < 0) {
            out.push_back({Kind::column_missing, wanted.name, column.name, {}});
            continue;
        }
        const ColumnShape& there = found.columns[static_cast<std::size_t>(position)];
        if (there.kind != column.kind) {
            out.push_back({Kind::column_kind, wanted.name, column.name, {}});
        } else if (there.characters_max != 0 && column.characters_max > there.characters_max) {
            out.push_back({Kind::column_short, wanted.name, column.name, {}});
        }
    }
    if (key_names(wanted) != key_names(found)) out.push_back({Kind::key_differs, wanted.name, {}, {}});
}

}  // namespace

Result<StoreSchema> read_schema(Tx& tx, Engine engine) {
    StoreSchema schema;
    STOA_TRY(schema.tables, read_catalogue(tx, engine));
    STOA_CHECK(tx.raw().query(indexes_sql(engine), {}, [&](const Row& row) {
        const std::string table(row.text(0));
        const std::string name(row.text(1));
        if (find_table(schema.tables, table) == nullptr) return true;
        auto& indexes = schema.indexes;
        if (indexes.empty() || indexes.back().name != name || indexes.back().table != table)
            indexes.push_back({table, name, {}, row.integer(2) != 0});
        indexes.back().columns.emplace_back(row.text(3));
        return true;
    }));
    return schema;
}

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::table_missing:
            return "table_missing";
        case Kind::column_missing:
            return "column_missing";
        case Kind::column_kind:
            return "column_kind";
        case Kind::column_short:
            return "column_short";
        case Kind::key_differs:
            return "key_differs";
        case Kind::index_missing:
            break;
    }
    return "index_missing";
}

std::string to_text(const SchemaDifference& difference) {
    const std::string column = "The column " + difference.table + "." + difference.part;
    switch (difference.kind) {
        case Kind::table_missing:
            return "The table " + difference.table + " is missing.";
        case Kind::column_missing:
            return column + " is missing.";
        case Kind::column_kind:
            return column + " is of another type.";
        case Kind::column_short:
            return column + " is too short.";
        case Kind::key_differs:
            return "The table " + difference.table + " has another primary key.";
        case Kind::index_missing:
            break;
    }
    return "The table " + difference.table + " lacks the index " + difference.part + ".";
}

std::vector<SchemaDifference> differences(const StoreSchema& wanted, const StoreSchema& found) {
    std::vector<SchemaDifference> out;
    for (const TableShape& table : wanted.tables) {
        const TableShape* there = find_table(found.tables, table.name);
        if (there == nullptr) {
            out.push_back({Kind::table_missing, table.name, {}, {}});
            continue;
        }
        compare_table(table, *there, out);
        for (const IndexShape& index : wanted.indexes) {
            if (index.table != table.name) continue;
            const bool present = std::any_of(found.indexes.begin(), found.indexes.end(), [&](const IndexShape& other) {
                return other.table == index.table && other.columns == index.columns && other.unique == index.unique;
            });
            if (!present) out.push_back({Kind::index_missing, table.name, index.name, create_index(index)});
        }
    }
    return out;
}

}  // namespace stoa::db::transfer
