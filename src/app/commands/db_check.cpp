// stoa db check

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "app/commands/common.hpp"
#include "app/store.hpp"
#include "db/transfer/schema_check.hpp"
#include "json/writer.hpp"

namespace stoa::app {
namespace {

using Differences = std::vector<db::transfer::SchemaDifference>;

/// Ends with its folder.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "stoa-schema-XXXXXX";
        if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

Result<db::transfer::StoreSchema> schema_of(db::Database& database, db::transfer::Engine engine) {
    db::transfer::StoreSchema schema;
    STOA_CHECK(database.read(0, [&](db::Tx& tx) -> Status {
        STOA_TRY(schema, db::transfer::read_schema(tx, engine));
        return {};
    }));
    return schema;
}

/// What a new store of this program looks like.
Result<db::transfer::StoreSchema> wanted_schema(const Schema& schema) {
    const TemporaryFolder folder;
    if (folder.path().empty()) return internal_error("No folder can be made in the folder for temporary files.");
    db::SqliteOptions options;
    options.path = folder.path() + "/wanted.db";
    STOA_TRY(const auto store, db::open_sqlite(options));
    STOA_CHECK(store->migrate(schema.steps, schema.tables));
    return schema_of(*store, db::transfer::Engine::sqlite);
}

/// What is missing first, and what of it is left in the end.
struct SchemaReport {
    Differences found;
    Differences left;
};

/// Before the portal opens the store, which would add tables and columns by itself.
Result<SchemaReport> check_tables(const Config& config, bool fix) {
    STOA_TRY(const Schema schema, Portal::schema());
    STOA_TRY(const auto wanted, wanted_schema(schema));
    STOA_TRY(const auto homes, open_store(config, false));
    db::Database& store = homes->local();
    const auto engine =
        config.database.url.scheme.empty() ? db::transfer::Engine::sqlite : db::transfer::Engine::mariadb;
    SchemaReport report;
    STOA_TRY(const auto before, schema_of(store, engine));
    report.found = differences(wanted, before);
    report.left = report.found;
    if (!fix || report.found.empty()) return report;
    STOA_CHECK(store.migrate(schema.steps, schema.tables));
    STOA_TRY(const auto migrated, schema_of(store, engine));
    std::vector<std::string> statements;
    for (const auto& difference : differences(wanted, migrated)) {
        if (!difference.statement.empty()) statements.push_back(difference.statement);
    }
    if (!statements.empty()) STOA_CHECK(store.change_schema(statements));
    STOA_TRY(const auto after, schema_of(store, engine));
    report.left = differences(wanted, after);
    return report;
}

struct Contents {
    std::int64_t accounts = 0, records = 0;
};

/// Opens every table of every account by counting its rows: a damaged file does not survive that.
Result<Contents> count_contents(const StoreOptions& options) {
    constexpr std::int64_t kAccountsMax = 100'000;
    STOA_TRY(const auto portal, open_portal(options, false));
    STOA_TRY(const auto accounts, accounts::list_accounts(portal->database(), 0, kAccountsMax));
    Contents contents{static_cast<std::int64_t>(accounts.size()), 0};
    for (const accounts::Account& account : accounts) {
        STOA_CHECK(portal->database().read(account.id, [&](db::Tx& tx) -> Status {
            for (const model::Entity* entity : portal->model().registry.all()) {
                STOA_TRY(const std::int64_t rows, tx.count(entity->table, db::Condition::always()));
                contents.records += rows;
            }
            return {};
        }));
    }
    return contents;
}

void print_report(const SchemaReport& report, const Contents* contents) {
    for (const auto& difference : report.found) {
        const bool is_left = std::any_of(report.left.begin(), report.left.end(),
                                         [&](const auto& other) { return to_text(other) == to_text(difference); });
        print_line((is_left ? "missing  " : "mended   ") + to_text(difference));
    }
    if (contents == nullptr) return;
    print_line("The tables are complete, the store is readable: " + std::to_string(contents->accounts) + " accounts, " +
               std::to_string(contents->records) + " records.");
}

void print_json(const SchemaReport& report, const Contents* contents) {
    std::string text;
    json::Writer out(text);
    out.begin_object().field("ok", report.left.empty());
    for (const auto& [name, list] : {std::pair("found", &report.found), std::pair("left", &report.left)}) {
        out.key(name).begin_array();
        for (const auto& difference : *list) {
            out.begin_object().field("kind", name_of(difference.kind)).field("table", difference.table);
            out.field("part", difference.part).end_object();
        }
        out.end_array();
    }
    if (contents != nullptr) out.field("accounts", contents->accounts).field("records", contents->records);
    out.end_object();
    print_line(text);
}

}  // namespace

Status db_check(const DbCheckOptions& options) {
    STOA_TRY(const Config config, config_of(options));
    STOA_TRY(const SchemaReport report, check_tables(config, options.fix));
    const auto print = options.json ? print_json : print_report;
    if (!report.left.empty()) {
        print(report, nullptr);
        return Error{Errc::conflict, options.fix ? "Not everything could be mended. Restore a backup, or ask for help."
                                                 : "The tables are not complete. Mend them with `stoa db check --fix`: "
                                                   "the portal may go on working meanwhile."};
    }
    STOA_TRY(const Contents contents, count_contents(options));
    print(report, &contents);
    return {};
}

}  // namespace stoa::app
