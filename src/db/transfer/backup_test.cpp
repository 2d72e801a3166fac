#include "db/transfer/backup.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <thread>

#include "base/limits.hpp"
#include "db/transfer/test_portal.hpp"

namespace stoa::db::transfer {
namespace {

const ShowBackup kQuiet = [](const BackupProgress&) {};

class Backup : public TransferTest {
  protected:
    void SetUp() override {
        TransferTest::SetUp();
        source_ = store(old_file());
        fill(*source_, 1, 2'500);
        fill(*source_, 2, 40);
    }
    void TearDown() override {
        source_->close();
        TransferTest::TearDown();
    }
    std::string file() const { return folder_ + "/b.stoabackup"; }
    BackupReport create(AccountId account = 0) {
        auto report = create_backup({*source_, Engine::sqlite}, file(),
                                    {.program = "test", .schema = 100, .account = account}, kQuiet);
        EXPECT_TRUE(report.ok()) << (report ? "" : report.error().message);
        return report.value_or({});
    }
    Result<RestoreReport> restore(Database& target, Engine engine, AccountId account = 0) {
        RestoreOptions options;
        options.account = account;
        options.schema_known = 100;
        options.renumbered = {{"name", std::string("copy")}};
        return restore_backup(file(), {target, engine}, options, kQuiet);
    }
    std::string bytes() const {
        std::ifstream in(file(), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void put_bytes(const std::string& bytes) const {
        std::ofstream(file(), std::ios::binary | std::ios::trunc) << bytes;
    }
    static std::int64_t rows_of_any_table(Database& database, Engine engine) {
        std::int64_t rows = 0;
        for (const auto& [table, sum] : digests(database, engine))
            rows += sum.rows;
        return rows;
    }

    std::unique_ptr<Database> source_;
};

TEST_F(Backup, everything_comes_back_the_same) {
    ASSERT_TRUE(add_deal(*source_, 1, "with receipt", "key-1").ok());
    const BackupReport made = create();
    EXPECT_GT(made.end.rows, 2'500);
    EXPECT_FALSE(std::filesystem::exists(file() + ".part"));
    const auto checked = verify_backup(file(), kQuiet);
    ASSERT_TRUE(checked.ok()) << checked.error().message;
    EXPECT_EQ(checked->end.rows, made.end.rows);
    EXPECT_EQ(checked->end.sha256, made.end.sha256);
    EXPECT_EQ(checked->bytes, made.bytes);
    EXPECT_EQ(checked->bytes, static_cast<std::int64_t>(bytes().size()));

    auto target = store(new_home());
    const auto restored = restore(*target, new_engine());
    ASSERT_TRUE(restored.ok()) << restored.error().message;
    EXPECT_EQ(digests(*target, new_engine()), digests(*source_));
    EXPECT_EQ(number(*target, 0, "SELECT count(*) FROM transfers"), 0);
    ASSERT_TRUE(add_deal(*target, 1, "with receipt", "key-1").ok());
    EXPECT_EQ(number(*target, 0, "SELECT count(*) FROM deal WHERE title = 'with receipt'"), 1);
}

TEST_F(Backup, one_account_comes_back_beside_others) {
    create(1);
    auto target = store(new_home());
    fill(*target, 5, 10);
    ASSERT_TRUE(restore(*target, new_engine()).ok());
    EXPECT_EQ(number(*target, 0, "SELECT count(*) FROM deal WHERE account_id = 1"), 2'500);
    EXPECT_EQ(number(*target, 0, "SELECT count(*) FROM deal WHERE account_id = 2"), 0);
    EXPECT_EQ(number(*target, 0, "SELECT count(*) FROM deal WHERE account_id = 5"), 10);
    const auto again = restore(*target, new_engine());
    ASSERT_FALSE(again.ok());
    EXPECT_EQ(again.error().code, Errc::already_exists);
}

TEST_F(Backup, under_another_number_it_has_no_secrets_of_the_original) {
    create(1);
    const auto restored = restore(*source_, Engine::sqlite, 7);
    ASSERT_TRUE(restored.ok()) << restored.error().message;
    EXPECT_EQ(restored->account, 7);
    EXPECT_EQ(restored->left_out, 1);
    EXPECT_EQ(number(*source_, 0, "SELECT count(*) FROM deal WHERE account_id = 7"), 2'500);
    EXPECT_EQ(number(*source_, 0, "SELECT count(*) FROM sessions WHERE account_id = 1"), 1);
    EXPECT_EQ(number(*source_, 0, "SELECT count(*) FROM accounts WHERE account_id = 7 AND name = 'copy'"), 1);
    EXPECT_GT(number(*source_, 0, "SELECT next_value FROM counters WHERE name = 'accounts'"), 7);
}

TEST_F(Backup, it_shows_one_moment_although_writers_go_on) {
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (int i = 0; !stop; ++i) {  // two rows that belong together
            EXPECT_TRUE(change(*source_, 2, [&](WriteTx& tx) -> Status {
                            STOA_TRY(const std::int64_t id, tx.next_id("deal", 2));
                            for (const std::int64_t half : {id, id + 1}) {
                                const Assignment row[] = {
                                    {"id", half}, {"title", "pair"}, {"code", "p" + std::to_string(half)}};
                                STOA_CHECK(tx.insert("deal", row));
                            }
                            return {};
                        }).ok());
        }
    });
    for (int i = 0; i < 3; ++i) {
        create();
        auto target = store(folder_ + "/pairs" + std::to_string(i) + ".db");
        ASSERT_TRUE(restore(*target, Engine::sqlite).ok());
        EXPECT_EQ(number(*target, 0, "SELECT count(*) % 2 FROM deal WHERE title = 'pair'"), 0);
        EXPECT_EQ(number(*target, 0,
                         "SELECT (SELECT next_id FROM sequences WHERE account_id = 2 AND name = 'deal') - "
                         "(SELECT max(id) FROM deal WHERE account_id = 2)"),
                  1);
        target->close();
    }
    stop = true;
    writer.join();
}

TEST_F(Backup, a_damaged_or_cut_file_is_refused_and_nothing_is_written) {
    create();
    const std::string good = bytes();
    auto target = store(new_home());
    std::mt19937 random(7);
    const auto refused = [&](const std::string& content, const std::string& what) {
        put_bytes(content);
        const auto checked = verify_backup(file(), kQuiet);
        EXPECT_FALSE(checked.ok()) << what;
        const auto restored = restore(*target, new_engine());
        ASSERT_FALSE(restored.ok()) << what;
        EXPECT_NE(restored.error().message.find(file()), std::string::npos) << restored.error().message;
        EXPECT_EQ(rows_of_any_table(*target, new_engine()), 0) << what;
        EXPECT_EQ(number(*target, 0, "SELECT count(*) FROM transfers"), 0) << what;
    };
    refused("", "empty");
    refused("PK\x03\x04 something else", "foreign");
    refused(good + "x", "something follows");
    for (int i = 0; i < 12; ++i) {
        const std::size_t at = random() % good.size();
        refused(good.substr(0, at), "cut at " + std::to_string(at));
        std::string flipped = good;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << (random() % 8)));
        refused(flipped, "flipped at " + std::to_string(at));
    }
    refused(good.substr(0, good.size() - 1), "cut by a byte");
    put_bytes(good);
    EXPECT_TRUE(restore(*target, new_engine()).ok());
}

TEST_F(Backup, a_frame_whose_checksums_are_right_but_which_is_missing_is_noticed) {
    create();
    const std::string good = bytes();
    // Frames: 16 bytes of head, the second number is the length.
    std::vector<std::pair<std::size_t, std::size_t>> frames;
    for (std::size_t at = 8; at < good.size();) {
        const auto* head = reinterpret_cast<const unsigned char*>(good.data() + at);
        const std::size_t length = 16 + (head[4] | head[5] << 8 | head[6] << 16 | head[7] << 24);
        frames.emplace_back(at, length);
        at += length;
    }
    ASSERT_GT(frames.size(), 10U);
    for (std::size_t i = 0; i < frames.size(); ++i) {
        std::string without = good;
        without.erase(frames[i].first, frames[i].second);
        put_bytes(without);
        EXPECT_FALSE(verify_backup(file(), kQuiet).ok()) << i;
    }
}

TEST_F(Backup, of_a_newer_program_or_format_it_says_so) {
    create();
    auto target = store(new_home());
    RestoreOptions older;
    older.schema_known = 99;
    const auto refused = restore_backup(file(), {*target, new_engine()}, older, kQuiet);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::unsupported);
    std::string later = bytes();
    later[7] = '\x02';
    put_bytes(later);
    const auto unknown = verify_backup(file(), kQuiet);
    ASSERT_FALSE(unknown.ok());
    EXPECT_EQ(unknown.error().code, Errc::unsupported);
}

TEST_F(Backup, a_frame_may_be_as_long_as_the_limit_and_not_longer) {
    create();
    std::string longer = bytes();
    const auto put = [&](std::size_t at, std::uint32_t number) {
        for (int i = 0; i < 4; ++i)
            longer[at + static_cast<std::size_t>(i)] = static_cast<char>(number >> (8 * i));
    };
    put(12, limits::backup_frame_bytes_max);
    put_bytes(longer);
    EXPECT_NE(verify_backup(file(), kQuiet).error().message.find("ends too early"), std::string::npos);
    put(12, limits::backup_frame_bytes_max + 1);
    put_bytes(longer);
    EXPECT_NE(verify_backup(file(), kQuiet).error().message.find("impossibly long"), std::string::npos);
}

TEST_F(Backup, a_restore_that_was_killed_is_cleared_away_by_the_next_one) {
    create();
    auto target = store(new_home());
    // As a killed one leaves it: marked, with some of the rows.
    TransferRow mark;
    mark.direction = TransferDirection::in;
    mark.id = "restore:1";
    mark.phase = TransferPhase::copying;
    ASSERT_TRUE(change(*target, 0, [&](WriteTx& tx) { return put_transfer(tx, mark); }).ok());
    fill(*target, 1, 100);
    target->close();

    // Nobody serves that.
    auto half = open_home({new_home(), {}});
    ASSERT_TRUE(half.ok());
    auto serving = Homes::open(std::move(*half), on_mariadb() ? "" : new_home(), open_home);
    ASSERT_TRUE(serving.ok());
    const Status refused = (*serving)->migrate(test_steps(), test_tables());
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("not finished"), std::string::npos);
    serving->reset();

    auto again = store(new_home());
    ASSERT_TRUE(restore(*again, new_engine()).ok());
    EXPECT_EQ(digests(*again, new_engine()), digests(*source_));
}

TEST_F(Backup, a_target_that_lacks_a_column_is_refused) {
    create();
    auto target = open_file(folder_ + "/older.db");
    ASSERT_TRUE(target.ok());
    auto tables = test_tables();
    tables[0].columns.pop_back();
    tables[0].indexes.clear();
    ASSERT_TRUE((*target)->migrate(test_steps(), tables).ok());
    const auto refused = restore(**target, Engine::sqlite);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("code"), std::string::npos);
    EXPECT_EQ(rows_of_any_table(**target, Engine::sqlite), 0);
}

TEST_F(Backup, a_full_disk_leaves_no_file) {
    auto report = create_backup({*source_, Engine::sqlite}, "/dev/full/x", {.program = "test", .schema = 1}, kQuiet);
    EXPECT_FALSE(report.ok());
    std::filesystem::create_symlink("/dev/full", file() + ".part");
    report = create_backup({*source_, Engine::sqlite}, file(), {.program = "test", .schema = 1}, kQuiet);
    EXPECT_FALSE(report.ok());
    EXPECT_FALSE(std::filesystem::exists(file()));
}

}  // namespace
}  // namespace stoa::db::transfer
