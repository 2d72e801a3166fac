#include "db/transfer/backup.hpp"

#include "base/clock.hpp"
#include "db/homes/home_table.hpp"
#include "db/transfer/verify.hpp"

namespace stoa::db::transfer {
namespace {

constexpr std::string_view kRestoreMark = "restore:";

Result<Catalogue> catalogue_of(const Store& store, AccountId account) {
    Catalogue catalogue;
    STOA_CHECK(store.database.read(account, [&](Tx& tx) -> Status {
        STOA_TRY(catalogue, read_catalogue(tx, store.engine));
        return {};
    }));
    return catalogue;
}

Result<BackupReport> write_picture(Tx& tx, Engine engine, const std::string& path, const BackupHead& head,
                                   const ShowBackup& show) {
    const Scope scope{head.account};
    STOA_TRY(const Catalogue catalogue, read_catalogue(tx, engine));
    STOA_TRY(auto writer, BackupWriter::create(path, head));
    BackupReport report{head, {}, 0};
    std::int64_t rows = 0;
    for (const TableShape& table : catalogue) {
        if (!scope.covers(table)) continue;
        STOA_CHECK(writer->begin_table(table));
        RowValues after;
        for (bool last = false; !last;) {
            show({"reading", table.name, rows});
            STOA_TRY(ScannedBatch scanned, scan_batch(tx, table, scope, after, {2'000, 1024 * 1024}));
            STOA_CHECK(writer->rows(scanned.batch.rows));
            rows += static_cast<std::int64_t>(scanned.batch.rows.size());
            last = scanned.last;
            after = std::move(scanned.last_key);
        }
        STOA_CHECK(writer->end_table());
    }
    STOA_TRY(report.end, writer->finish());
    report.bytes = writer->bytes();
    return report;
}

/// Writes what a file holds into a target that was found fit.
class Restore {
  public:
    Restore(const Store& target, const RestoreOptions& options, const BackupHead& head, const ShowBackup& show)
        : target_(target), options_(options), show_(show) {
        report_.head = head;
        report_.account = head.account;
        if (head.account != 0 && options.account != 0) report_.account = options.account;
        renumber_ = report_.account != head.account;
    }

    Status prepare() {
        STOA_TRY(catalogue_, catalogue_of(target_, 0));
        bool elsewhere = false;
        STOA_CHECK(target_.database.read(0, [&](Tx& tx) -> Status {
            STOA_TRY(elsewhere, lives_elsewhere(tx, report_.account));
            return {};
        }));
        if (elsewhere) return Error{Errc::already_exists, "An account of that number lives in another database."};
        std::vector<TransferRow> transfers;
        STOA_CHECK(target_.database.read(0, [&](Tx& tx) -> Status {
            STOA_TRY(transfers, read_transfers(tx));
            return {};
        }));
        for (const TransferRow& row : transfers) {
            if (row.direction != TransferDirection::in || row.account != report_.account) continue;
            if (!row.id.starts_with(kRestoreMark)) {
                return Error{Errc::conflict, "A move to this database is not finished. Finish or abandon it first."};
            }
            STOA_CHECK(remove_scope(target_.database, target_.engine, catalogue_, scope(), 0));
        }
        return target_.database.read(0, [&](Tx& tx) { return check_empty(tx, catalogue_, scope()); });
    }

    /// The table of the file as it will be written; an error when the target does not know it.
    Status check_table(const TableShape& table) { return check_fits({table}, catalogue_); }

    Status begin(const BackupHead& head) {
        TransferRow row;
        row.account = report_.account;
        row.direction = TransferDirection::in;
        row.id = std::string(kRestoreMark) + std::to_string(head.created_at);
        row.phase = TransferPhase::copying;
        row.started_at = row.seen_at = system_clock().now();
        return write_in(target_.database, 0, [&](WriteTx& tx) { return put_transfer(tx, row); });
    }

    Status write(BackupReader& reader) {
        TableShape table;
        for (;;) {
            STOA_TRY(BackupItem item, reader.next());
            if (item.end) return {};
            if (item.table) {
                table = with_lengths_of({*item.table}, catalogue_).front();
                tables_.push_back(table);
                expected_[table.name];
            } else if (!item.rows.empty()) {
                STOA_CHECK(write_rows(table, item.rows));
            }
        }
    }

    /// Reads back what was written, then lets it be found.
    Result<RestoreReport> finish() {
        show_({"comparing", {}, report_.rows});
        STOA_TRY(const Digests written, digest(target_.database, target_.engine, tables_, scope(), {}));
        STOA_CHECK(compare(expected_, written));
        STOA_CHECK(write_in(target_.database, 0, [&](WriteTx& tx) -> Status {
            STOA_CHECK(reserve_account(tx, report_.account));
            return remove_transfer(tx, report_.account, TransferDirection::in);
        }));
        return report_;
    }

  private:
    Scope scope() const { return {report_.account}; }

    Status write_rows(const TableShape& table, std::vector<RowValues>& rows) {
        if (renumber_) {
            // Found by a hash of a secret: that secret is the original's.
            if (!table.clustered_by_account()) {
                report_.left_out += static_cast<std::int64_t>(rows.size());
                return {};
            }
            for (RowValues& row : rows)
                renumber(table, row);
        }
        TableDigest& sum = expected_[table.name];
        for (RowValues& row : rows) {
            STOA_CHECK(normalize(table, row));
            sum.add(row);
        }
        // As account 0: through Homes that is the store where accounts are made.
        STOA_CHECK(write_in(target_.database, 0, [&](WriteTx& tx) { return put_rows(tx, table, rows); }));
        report_.rows += static_cast<std::int64_t>(rows.size());
        show_({"writing", table.name, report_.rows});
        return {};
    }

    void renumber(const TableShape& table, RowValues& row) const {
        row[static_cast<std::size_t>(table.account)] = report_.account;
        if (table.name != "accounts") return;
        for (const auto& [column, value] : options_.renumbered) {
            const int position = table.position_of(column);
            if (position >= 0) row[static_cast<std::size_t>(position)] = value;
        }
    }

    const Store& target_;
    const RestoreOptions& options_;
    const ShowBackup& show_;
    Catalogue catalogue_;
    Catalogue tables_;  ///< of the file, with the target's lengths
    Digests expected_;
    RestoreReport report_;
    bool renumber_ = false;
};

}  // namespace

Result<BackupReport> create_backup(const Store& store, const std::string& path, BackupHead head,
                                   const ShowBackup& show) {
    head.created_at = system_clock().now();
    BackupReport report;
    const auto picture = [&](Tx& tx) -> Status {  // may run again from the start
        STOA_TRY(report, write_picture(tx, store.engine, path, head, show));
        return {};
    };
    STOA_CHECK(store.database.read(head.account, picture, {.snapshot = true, .timeout_ms = kLongReadMs}));
    return report;
}

Result<BackupReport> verify_backup(const std::string& path, const ShowBackup& show) {
    STOA_TRY(auto reader, BackupReader::open(path));
    BackupReport report{reader->head(), {}, 0};
    std::int64_t rows = 0;
    std::string table;
    for (;;) {
        STOA_TRY(const BackupItem item, reader->next());
        if (item.table) table = item.table->name;
        rows += static_cast<std::int64_t>(item.rows.size());
        show({"checking", table, rows});
        if (!item.end) continue;
        report.end = *item.end;
        report.bytes = reader->bytes();
        return report;
    }
}

Result<RestoreReport> restore_backup(const std::string& path, const Store& target, const RestoreOptions& options,
                                     const ShowBackup& show) {
    // Twice through the file: nothing is written unless all of it is sound and fits.
    STOA_TRY(auto first, BackupReader::open(path));
    const BackupHead head = first->head();
    if (head.schema > options.schema_known) {
        return Error{Errc::unsupported, "The backup is of version " + head.program +
                                            ", which has tables that this one does not know. Restore it with that "
                                            "version or a later one."};
    }
    if (head.account == 0 && options.account != 0) {
        return invalid("The backup holds everything of a store; it has no account to give another number.", "account");
    }
    Restore restore(target, options, head, show);
    STOA_CHECK(restore.prepare());
    std::int64_t rows = 0;
    for (;;) {
        STOA_TRY(const BackupItem item, first->next());
        if (item.table) STOA_CHECK(restore.check_table(*item.table));
        rows += static_cast<std::int64_t>(item.rows.size());
        show({"checking", {}, rows});
        if (item.end) break;
    }
    STOA_CHECK(restore.begin(head));
    STOA_TRY(auto second, BackupReader::open(path));
    STOA_CHECK(restore.write(*second));
    return restore.finish();
}

}  // namespace stoa::db::transfer
