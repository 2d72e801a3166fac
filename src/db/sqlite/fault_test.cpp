// A disk that fails: writes or syncs of the log answer with an error when told to. Also proves the order that
// durability hangs on: everything written to the log is synced before anybody is told.

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <future>
#include <new>

#include "db/contract/test_store.hpp"

namespace stoa::db::sqlite {
namespace {

struct Disk {
    std::atomic<int> write_error{SQLITE_OK};
    std::atomic<int> sync_error{SQLITE_OK};
    std::atomic<int> unsynced_writes{0};  ///< to the log since its last sync
};
Disk g_disk;

/// Stands before the real file; only the log's writes and syncs are looked at.
struct FaultyFile {
    sqlite3_file base;
    sqlite3_file* real;
    bool is_log;
};

FaultyFile* own(sqlite3_file* file) {
    return reinterpret_cast<FaultyFile*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
    return own(file)->real;
}

int file_write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
    if (own(file)->is_log) {
        if (g_disk.write_error != SQLITE_OK) return g_disk.write_error;
        ++g_disk.unsynced_writes;
    }
    return real(file)->pMethods->xWrite(real(file), bytes, count, at);
}

int file_sync(sqlite3_file* file, int flags) {
    if (own(file)->is_log) {
        if (g_disk.sync_error != SQLITE_OK) return g_disk.sync_error;
        g_disk.unsynced_writes = 0;
    }
    return real(file)->pMethods->xSync(real(file), flags);
}

const sqlite3_io_methods kMethods = {
    2,  // no xFetch: no memory mapping
    [](sqlite3_file* f) { return real(f)->pMethods != nullptr ? real(f)->pMethods->xClose(real(f)) : SQLITE_OK; },
    [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) { return real(f)->pMethods->xRead(real(f), to, n, at); },
    file_write,
    [](sqlite3_file* f, sqlite3_int64 size) { return real(f)->pMethods->xTruncate(real(f), size); },
    file_sync,
    [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); },
    [](sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); },
    [](sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); },
    [](sqlite3_file* f, int* held) { return real(f)->pMethods->xCheckReservedLock(real(f), held); },
    [](sqlite3_file* f, int op, void* arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); },
    [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); },
    [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
    [](sqlite3_file* f, int page, int size, int extend, void volatile** to) {
        return real(f)->pMethods->xShmMap(real(f), page, size, extend, to);
    },
    [](sqlite3_file* f, int offset, int n, int flags) {
        return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
    },
    [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); },
    [](sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); },
    nullptr,
    nullptr,
};

class FaultyDisk {
  public:
    FaultyDisk() : real_(sqlite3_vfs_find(nullptr)) {
        vfs_ = *real_;
        vfs_.zName = "faulty";
        vfs_.pNext = nullptr;
        vfs_.szOsFile = static_cast<int>(sizeof(FaultyFile)) + real_->szOsFile;
        s_real = real_;
        vfs_.xOpen = [](sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
            own(file)->base.pMethods = nullptr;
            own(file)->real = reinterpret_cast<sqlite3_file*>(own(file) + 1);
            own(file)->is_log = (flags & SQLITE_OPEN_WAL) != 0;
            const int code = s_real->xOpen(s_real, name, own(file)->real, flags, out);
            if (code == SQLITE_OK) own(file)->base.pMethods = &kMethods;
            return code;
        };
        sqlite3_vfs_register(&vfs_, 1);
    }
    ~FaultyDisk() {
        sqlite3_vfs_unregister(&vfs_);
        sqlite3_vfs_register(real_, 1);
    }
    FaultyDisk(const FaultyDisk&) = delete;
    FaultyDisk& operator=(const FaultyDisk&) = delete;

  private:
    static inline sqlite3_vfs* s_real = nullptr;
    sqlite3_vfs* real_;
    sqlite3_vfs vfs_{};
};

class Fault : public StoreTest {
  protected:
    void SetUp() override {
        disk_ = std::make_unique<FaultyDisk>();
        StoreTest::SetUp();
    }
    void TearDown() override {
        g_disk.write_error = SQLITE_OK;
        g_disk.sync_error = SQLITE_OK;
        StoreTest::TearDown();
        db_.reset();
        disk_.reset();
    }

    /// Three requests that wait while a fourth runs, so that they form one group; returns what each was told.
    std::vector<Result<WriteOutcome>> group_of_three(const std::string& prefix) {
        std::promise<void> entered;
        std::promise<void> release;
        db_->write(
            {1, "", ""},
            [&](WriteTx&) -> Result<std::string> {
                entered.set_value();
                release.get_future().wait();
                return forbidden();  // rolled back: needs no disk
            },
            [](const Result<WriteOutcome>&) {});
        entered.get_future().wait();
        std::vector<std::future<Result<WriteOutcome>>> futures;
        for (int i = 0; i < 3; ++i) {
            auto promise = std::make_shared<std::promise<Result<WriteOutcome>>>();
            futures.push_back(promise->get_future());
            db_->write(
                {1, prefix + std::to_string(i), "d"},
                [this](WriteTx& tx) -> Result<std::string> {
                    tx.on_commit([this] { ++called_; });
                    STOA_TRY(const auto id, tx.next_id("deal"));
                    const Assignment row[] = {{"id", id}};
                    STOA_CHECK(tx.insert("deal", row));
                    return std::to_string(id);
                },
                [promise](Result<WriteOutcome> o) { promise->set_value(std::move(o)); });
        }
        release.set_value();
        std::vector<Result<WriteOutcome>> outcomes;
        outcomes.reserve(futures.size());
        for (auto& future : futures)
            outcomes.push_back(future.get());
        return outcomes;
    }

    void expect_a_failed_group_then_a_good_one() {
        for (const auto& outcome : group_of_three("failing ")) {
            ASSERT_FALSE(outcome.ok());
            EXPECT_EQ(outcome.error().code, Errc::unavailable);
            EXPECT_GT(outcome.error().retry_after_s, 0);
        }
        EXPECT_EQ(called_, 0);
        EXPECT_EQ(ids(1), Ids{});
        EXPECT_EQ(number("SELECT count(*) FROM receipts"), 0);
        g_disk.write_error = SQLITE_OK;
        g_disk.sync_error = SQLITE_OK;
        for (const auto& outcome : group_of_three("failing ")) {  // the clients' retry
            ASSERT_TRUE(outcome.ok()) << outcome.error().message;
            EXPECT_FALSE(outcome->replayed);
        }
        EXPECT_EQ(called_, 3);
        EXPECT_EQ(ids(1), (Ids{1, 2, 3}));
        EXPECT_EQ(number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check='ok'"), 1);
    }

    std::unique_ptr<FaultyDisk> disk_;
    std::atomic<int> called_{0};
};

TEST_F(Fault, a_full_disk_fails_the_whole_group_and_the_writer_recovers) {
    g_disk.write_error = SQLITE_FULL;
    expect_a_failed_group_then_a_good_one();
}

TEST_F(Fault, a_write_error_fails_the_whole_group_and_the_writer_recovers) {
    g_disk.write_error = SQLITE_IOERR_WRITE;
    expect_a_failed_group_then_a_good_one();
}

TEST_F(Fault, a_failing_sync_fails_the_whole_group_and_the_writer_recovers) {
    g_disk.sync_error = SQLITE_IOERR_FSYNC;
    expect_a_failed_group_then_a_good_one();
}

TEST_F(Fault, readers_go_on_while_the_disk_refuses_writes) {
    add_deal(1, 50, "before");
    g_disk.write_error = SQLITE_FULL;
    EXPECT_EQ(group_of_three("x")[0].error().code, Errc::unavailable);
    EXPECT_EQ(title(1, 50), "before");
}

TEST_F(Fault, everything_is_synced_before_anybody_is_told) {
    int told = 0;
    for (int i = 0; i < 20; ++i) {
        std::promise<int> unsynced;
        db_->write(
            {1, std::to_string(i), "d"},
            [](WriteTx& tx) -> Result<std::string> {
                STOA_TRY(const auto id, tx.next_id("deal"));
                const Assignment row[] = {{"id", id}};
                STOA_CHECK(tx.insert("deal", row));
                return std::string();
            },
            [&](const Result<WriteOutcome>& outcome) {
                unsynced.set_value(outcome.ok() ? g_disk.unsynced_writes.load() : -1);
            });
        EXPECT_EQ(unsynced.get_future().get(), 0);
        ++told;
    }
    EXPECT_EQ(told, 20);
}

TEST_F(Fault, a_transaction_lost_in_the_middle_saves_nothing_of_what_follows) {
    // A full disk makes SQLite roll back on its own in the middle of a function that goes on regardless.
    const auto set_pages_max = [](WriteTx& tx, std::int64_t pages) {
        return tx.raw().query("PRAGMA max_page_count=" + std::to_string(pages), {}, [](const Row&) { return true; });
    };
    const auto pages = number("PRAGMA page_count");
    auto outcome = db_->write_and_wait({1, "key", "d"}, [&](WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(set_pages_max(tx, pages + 2));
        const Assignment huge[] = {{"id", std::int64_t{1}}, {"uf", std::string(200'000, 'x')}};
        EXPECT_EQ(tx.insert("deal", huge).error().code, Errc::unavailable);
        const Assignment small[] = {{"id", std::int64_t{2}}};
        EXPECT_EQ(tx.insert("deal", small).error().code, Errc::unavailable);
        EXPECT_FALSE(tx.nested([] { return ok_status(); }).ok());
        EXPECT_FALSE(tx.raw().execute("DELETE FROM receipts", {}).ok());
        return std::string("all is well, the function thinks");
    });
    EXPECT_EQ(outcome.error().code, Errc::unavailable);
    EXPECT_EQ(ids(1), Ids{});
    EXPECT_EQ(number("SELECT count(*) FROM receipts"), 0);
    ASSERT_TRUE(change(1, [&](WriteTx& tx) { return set_pages_max(tx, 1'000'000); }).ok());
    add_deal(1, 3, "later");
    EXPECT_EQ(ids(1), (Ids{3}));
}

}  // namespace
}  // namespace stoa::db::sqlite
