#include "db/transfer/schema_check.hpp"

#include "db/contract/test_store.hpp"

namespace stoa::db::transfer {
namespace {

class SchemaCheck : public StoreTest {
  protected:
    static StoreSchema schema_of(Database& database, Engine engine) {
        StoreSchema schema;
        const Status read = database.read(0, [&](Tx& tx) -> Status {
            STOA_TRY(schema, read_schema(tx, engine));
            return {};
        });
        EXPECT_TRUE(read.ok()) << read.error().message;
        return schema;
    }

    std::vector<SchemaDifference> found() {
        SqliteOptions options;
        options.path = folder_.file("wanted.db");
        auto wanted = open_sqlite(options);
        EXPECT_TRUE(wanted.ok());
        EXPECT_TRUE((*wanted)->migrate(core_migrations(), test_tables()).ok());
        return differences(schema_of(**wanted, Engine::sqlite),
                           schema_of(*db_, on_mariadb() ? Engine::mariadb : Engine::sqlite));
    }
    void alter(const std::string& statement) {
        const Status changed = db_->change_schema({statement});
        ASSERT_TRUE(changed.ok()) << changed.error().message;
    }
    void drop_index(const std::string& table, const std::string& index) {
        alter(on_mariadb() ? "DROP INDEX `" + index + "` ON `" + table + "`" : "DROP INDEX `" + index + "`");
    }
    std::string index_on(const std::string& table, const std::string& column) {
        for (const auto& index : schema_of(*db_, on_mariadb() ? Engine::mariadb : Engine::sqlite).indexes) {
            if (index.table == table && index.columns.back() == column) return index.name;
        }
        return {};
    }
};

TEST_F(SchemaCheck, finds_nothing_in_a_store_that_this_program_made) {
    for (const auto& difference : found())
        ADD_FAILURE() << to_text(difference);
}

TEST_F(SchemaCheck, finds_an_index_that_was_dropped_and_says_how_to_make_it_again) {
    drop_index("receipts", "receipts_created_at");
    drop_index("deal", index_on("deal", "code"));
    const auto lost = found();
    ASSERT_EQ(lost.size(), 2U);
    for (const auto& difference : lost) {
        EXPECT_EQ(difference.kind, SchemaDifference::Kind::index_missing);
        alter(difference.statement);
    }
    EXPECT_TRUE(found().empty());
}

TEST_F(SchemaCheck, finds_a_column_and_a_table_that_are_missing) {
    alter("ALTER TABLE `deal` DROP COLUMN `amount`");
    alter("DROP TABLE `phone`");
    const auto lost = found();
    ASSERT_EQ(lost.size(), 2U);
    EXPECT_EQ(to_text(lost[0]), "The column deal.amount is missing.");
    EXPECT_EQ(to_text(lost[1]), "The table phone is missing.");
    ASSERT_TRUE(db_->migrate(core_migrations(), test_tables()).ok());
    EXPECT_TRUE(found().empty());
}

TEST_F(SchemaCheck, leaves_alone_what_nobody_asked_for) {
    alter("ALTER TABLE `deal` ADD COLUMN `note` BIGINT");
    alter("CREATE INDEX `mine` ON `deal` (`amount`)");
    EXPECT_TRUE(found().empty());
}

TEST(SchemaDifferences, tell_columns_of_another_type_or_too_short_and_another_key) {
    using ColumnKind = ColumnShape::Kind;
    const auto schema = [](ColumnKind amount, std::int64_t characters, std::vector<std::size_t> key) {
        return StoreSchema{{{"deal",
                             {{"account_id", ColumnKind::integer},
                              {"id", ColumnKind::integer},
                              {"amount", amount},
                              {"stage", ColumnKind::text, characters}},
                             std::move(key),
                             0}},
                           {}};
    };
    const StoreSchema wanted = schema(ColumnKind::integer, 50, {0, 1});
    std::vector<std::string> texts;
    for (const auto& difference : differences(wanted, schema(ColumnKind::text, 49, {1})))
        texts.push_back(to_text(difference));
    EXPECT_EQ(texts, (std::vector<std::string>{"The column deal.amount is of another type.",
                                               "The column deal.stage is too short.",
                                               "The table deal has another primary key."}));
    EXPECT_TRUE(differences(wanted, schema(ColumnKind::integer, 0, {0, 1})).empty()) << "0 is as long as it gets";
    EXPECT_TRUE(differences(wanted, schema(ColumnKind::integer, 51, {0, 1})).empty());
}

}  // namespace
}  // namespace stoa::db::transfer
