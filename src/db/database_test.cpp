#include "db/database.hpp"

#include <gtest/gtest.h>

namespace stoa::db {
namespace {

TEST(Database, opens) {
    const std::string path = testing::TempDir() + "db_first_test.db";
    std::remove(path.c_str());
    auto db = open_sqlite({path});
    ASSERT_TRUE(db.ok()) << db.error().message;
    auto status = (*db)->migrate(core_migrations(), {{"deal", {{"id"}, {"title", ColumnType::varchar}}, {"id"}, {}}});
    ASSERT_TRUE(status.ok()) << status.error().message;
    auto outcome = (*db)->write_and_wait({1, "k", "d"}, [](WriteTx& tx) -> Result<std::string> {
        STOA_TRY(auto id, tx.next_id("deal"));
        const Assignment row[] = {{"id", id}, {"title", std::string("x")}};
        STOA_CHECK(tx.insert("deal", row));
        return std::to_string(id);
    });
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(outcome->answer, "1");
    EXPECT_TRUE((*db)
                    ->read(1,
                           [](Tx& tx) -> Status {
                               Select s;
                               s.table = "deal";
                               s.columns = {{"id", {}}, {"title", {}}};
                               int rows = 0;
                               STOA_CHECK(tx.select(s, [&](const Row& row) {
                                   ++rows;
                                   EXPECT_EQ(row.text(1), "x");
                                   return true;
                               }));
                               EXPECT_EQ(rows, 1);
                               return {};
                           })
                    .ok());
}

}  // namespace
}  // namespace stoa::db
