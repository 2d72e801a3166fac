#pragma once
// The file format of backups (docs/backup-format.md): frames, each with a checksum, that are written and read one after
// the other in bounded memory. One thread; blocks.

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/hasher.hpp"
#include "db/transfer/store_read.hpp"

namespace stoa::db::transfer {

inline constexpr int kBackupFormat = 1;
inline constexpr std::string_view kBackupSuffix = ".stoabackup";

struct BackupHead {
    int format = kBackupFormat;
    std::string program;    ///< version that wrote it
    int schema = 0;         ///< newest migration step of the store
    AccountId account = 0;  ///< 0: everything in the store
    UnixSeconds created_at = 0;
};

struct BackupEnd {
    std::int64_t tables = 0;
    std::int64_t rows = 0;
    std::string sha256;  ///< of all bytes before the frame that says so, in hex
};

struct BackupTableEnd {
    std::string name;
    TableDigest digest;
};

class BackupWriter {
  public:
    /// Writes to "<path>.part"; the file has its name only when it is complete and on disk.
    static Result<std::unique_ptr<BackupWriter>> create(const std::string& path, const BackupHead& head);
    ~BackupWriter();  ///< removes what is not finished
    BackupWriter(const BackupWriter&) = delete;
    BackupWriter& operator=(const BackupWriter&) = delete;

    Status begin_table(const TableShape& table);
    Status rows(const std::vector<RowValues>& rows);
    Status end_table();
    Result<BackupEnd> finish();
    std::int64_t bytes() const { return bytes_; }

  private:
    BackupWriter(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
    Status frame(std::uint32_t kind, std::string_view payload, bool compress);
    Status put(std::string_view bytes);

    const std::string path_;
    std::FILE* file_;
    bool finished_ = false;
    Hasher hasher_{Hasher::Kind::sha256};
    std::string table_;
    TableDigest digest_;
    BackupEnd end_;
    std::int64_t bytes_ = 0;
};

/// What comes next in a file; exactly one member is set, none at the end.
struct BackupItem {
    std::optional<TableShape> table;
    std::vector<RowValues> rows;  ///< of the table that came last
    std::optional<BackupTableEnd> table_end;
    std::optional<BackupEnd> end;
};

class BackupReader {
  public:
    /// Reads the head. Errors: not_found; invalid_argument (no backup, damaged); unsupported (newer format).
    static Result<std::unique_ptr<BackupReader>> open(const std::string& path);
    /// Of an open file, which it closes; `path` is for messages.
    static Result<std::unique_ptr<BackupReader>> read(std::FILE* file, const std::string& path);
    ~BackupReader();
    BackupReader(const BackupReader&) = delete;
    BackupReader& operator=(const BackupReader&) = delete;

    const BackupHead& head() const { return head_; }
    /// Checks what it hands out: sums of frames, order, counts, at the end the sum of the file and that nothing
    /// follows. Errors: invalid_argument, saying that the file is cut or damaged.
    Result<BackupItem> next();
    std::int64_t bytes() const { return bytes_; }  ///< read so far

  private:
    BackupReader(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
    struct Frame {
        std::uint32_t kind = 0;
        std::string payload;
    };
    Result<Frame> frame();
    Status read_exactly(char* to, std::size_t bytes);
    Status read_head();
    Result<BackupItem> read_rows(std::string_view payload);
    Result<BackupItem> read_table(std::string_view json);
    Result<BackupItem> read_table_end(std::string_view json);
    Result<BackupItem> read_end(std::string_view json);
    Error damaged(const char* how) const;

    const std::string path_;
    std::FILE* file_;
    Hasher hasher_{Hasher::Kind::sha256};
    BackupHead head_;
    std::optional<TableShape> table_;
    TableDigest digest_;
    BackupEnd seen_;
    std::int64_t bytes_ = 0;
    bool ended_ = false;
};

}  // namespace stoa::db::transfer
