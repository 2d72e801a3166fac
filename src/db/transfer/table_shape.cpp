#include "db/transfer/table_shape.hpp"

#include <algorithm>
#include <array>

#include "base/utf8.hpp"

namespace stoa::db::transfer {
namespace {

/// Without account_id, and part of the store as a whole.
constexpr std::array<std::string_view, 1> kStoreTables = {"counters"};

/// How the store itself works; each store has its own.
constexpr std::array<std::string_view, 4> kOwnTables = {"schema_migrations", "homes", "transfers", "transfer_log"};

/// Rows by which an account is found from outside. They come last, so that a restore that ends early has made nothing
/// that anybody could log in to; `accounts` is the very last.
constexpr std::array<std::string_view, 9> kLast = {"outbox",         "push_outbox", "logins",
                                                   "oauth_apps",     "oauth_codes", "oauth_tokens",
                                                   "one_time_links", "webhooks",    "sessions"};

template <std::size_t N>
bool listed(const std::array<std::string_view, N>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

int rank(const TableShape& table) {
    if (table.name == "accounts") return 2;
    return listed(kLast, table.name) ? 1 : 0;
}

ColumnShape::Kind kind_of(std::string_view type) {
    const std::string upper = to_upper_ascii(type);
    if (upper.find("INT") != std::string::npos) return ColumnShape::Kind::integer;
    if (upper.starts_with("DOUBLE") || upper.starts_with("REAL") || upper.starts_with("FLOAT"))
        return ColumnShape::Kind::real;
    return ColumnShape::Kind::text;
}

/// VARCHAR(255) → 255; 0 for what has no length.
std::int64_t characters_of(Engine engine, std::string_view type) {
    if (engine == Engine::mariadb && type == "text") return 65'535;
    const auto open = type.find('(');
    if (open == std::string_view::npos || !to_upper_ascii(type).starts_with("VARCHAR")) return 0;
    return std::atoll(std::string(type.substr(open + 1)).c_str());
}

/// name of the table, of the column, type, place in the primary key from 1 (0: none); by table and position.
std::string_view schema_sql(Engine engine) {
    if (engine == Engine::sqlite) {
        return "SELECT m.name, c.name, c.type, c.pk FROM sqlite_schema m JOIN pragma_table_info(m.name) c "
               "WHERE m.type = 'table' AND substr(m.name, 1, 7) <> 'sqlite_' ORDER BY m.name, c.cid";
    }
    return "SELECT c.table_name, c.column_name, c.column_type, coalesce(k.ordinal_position, 0) "
           "FROM information_schema.columns c JOIN information_schema.tables t ON t.table_schema = c.table_schema "
           "AND t.table_name = c.table_name LEFT JOIN information_schema.key_column_usage k "
           "ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name "
           "AND k.constraint_name = 'PRIMARY' WHERE c.table_schema = database() AND t.table_type = 'BASE TABLE' "
           "ORDER BY c.table_name, c.ordinal_position";
}

Status check(const TableShape& table) {
    const auto refuse = [&](const char* why) {
        return Error{Errc::unsupported, "The table " + table.name + " cannot be moved or backed up: " + why};
    };
    if (table.key.empty()) return refuse("it has no primary key.");
    if (table.key.size() > kKeyColumnsMax) return refuse("its primary key has too many columns.");
    if (!table.of_accounts() && !listed(kStoreTables, table.name)) {
        return refuse("it has no column account_id. If it is not Stoa's, keep it in a database of its own.");
    }
    return {};
}

}  // namespace

std::string_view counted_rows(std::string_view table) {
    if (table == "sequences") return "`name`<>'_writes'";
    if (table == "receipts") return "substr(`request_key`,1,3)<>'tx:'";
    return {};
}

std::vector<std::size_t> TableShape::key_in_account() const {
    std::vector<std::size_t> positions;
    for (const std::size_t position : key) {
        if (static_cast<int>(position) != account) positions.push_back(position);
    }
    return positions;
}

int TableShape::position_of(std::string_view column) const {
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].name == column) return static_cast<int>(i);
    }
    return -1;
}

Result<Catalogue> read_catalogue(Tx& tx, Engine engine) {
    Catalogue catalogue;
    std::vector<std::int64_t> places;  // of the last table's columns in its key
    const auto finish = [&] {
        if (catalogue.empty()) return;
        TableShape& table = catalogue.back();
        for (std::int64_t place = 1; place <= static_cast<std::int64_t>(places.size()); ++place) {
            const auto at = std::find(places.begin(), places.end(), place);
            if (at != places.end()) table.key.push_back(static_cast<std::size_t>(at - places.begin()));
        }
        table.account = table.position_of("account_id");
        places.clear();
    };
    STOA_CHECK(tx.raw().query(schema_sql(engine), {}, [&](const Row& row) {
        if (listed(kOwnTables, row.text(0))) return true;
        if (catalogue.empty() || catalogue.back().name != row.text(0)) {
            finish();
            catalogue.push_back({std::string(row.text(0)), {}, {}, -1, std::string(counted_rows(row.text(0)))});
        }
        catalogue.back().columns.push_back(
            {std::string(row.text(1)), kind_of(row.text(2)), characters_of(engine, row.text(2))});
        places.push_back(row.integer(3));
        return true;
    }));
    finish();
    for (const TableShape& table : catalogue)
        STOA_CHECK(check(table));
    std::stable_sort(catalogue.begin(), catalogue.end(), [](const TableShape& a, const TableShape& b) {
        return rank(a) != rank(b) ? rank(a) < rank(b) : a.name < b.name;
    });
    return catalogue;
}

const TableShape* find_table(const Catalogue& catalogue, std::string_view name) {
    const auto found =
        std::find_if(catalogue.begin(), catalogue.end(), [&](const TableShape& table) { return table.name == name; });
    return found == catalogue.end() ? nullptr : &*found;
}

Status check_fits(const Catalogue& from, const Catalogue& to) {
    for (const TableShape& table : from) {
        const TableShape* other = find_table(to, table.name);
        const auto refuse = [&](const std::string& what) {
            return Error{Errc::unsupported, "The new home does not know " + what +
                                                ". Bring both to the same version of the program first."};
        };
        if (other == nullptr) return refuse("the table " + table.name);
        for (const ColumnShape& column : table.columns) {
            const int position = other->position_of(column.name);
            if (position < 0) return refuse("the column " + column.name + " of the table " + table.name);
            if (other->columns[static_cast<std::size_t>(position)].kind != column.kind) {
                return refuse("the kind of the column " + column.name + " of the table " + table.name);
            }
        }
        if (table.key.size() != other->key.size()) return refuse("the key of the table " + table.name);
        for (std::size_t i = 0; i < table.key.size(); ++i) {
            if (table.columns[table.key[i]].name != other->columns[other->key[i]].name)
                return refuse("the key of the table " + table.name);
        }
    }
    return {};
}

}  // namespace stoa::db::transfer
