#include "db/transfer/backup_file.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/fd.hpp"
#include "base/limits.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::db::transfer {
namespace {

constexpr std::string_view kMagic = "STOABAK\x01";
constexpr std::size_t kFrameHeadBytes = 16;
enum Kind : std::uint32_t { kHead = 1, kTable = 2, kRows = 3, kTableEnd = 4, kEnd = 5 };

void append_number(std::string& out, std::uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8)
        out.push_back(static_cast<char>(number >> shift));
}
std::uint32_t number_at(std::string_view bytes, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i)
        number |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    return number;
}

std::uint32_t checksum(std::string_view head, std::string_view payload) {
    uLong sum = crc32(0, reinterpret_cast<const Bytef*>(head.data()), static_cast<uInt>(head.size()));
    sum = crc32(sum, reinterpret_cast<const Bytef*>(payload.data()), static_cast<uInt>(payload.size()));
    return static_cast<std::uint32_t>(sum);
}

std::string_view name_of(ColumnShape::Kind kind) {
    switch (kind) {
        case ColumnShape::Kind::integer:
            return "integer";
        case ColumnShape::Kind::real:
            return "real";
        case ColumnShape::Kind::text:
            return "text";
    }
    return "text";
}

std::string table_json(const TableShape& table) {
    std::string text;
    json::Writer out(text);
    out.begin_object().field("name", table.name).key("columns").begin_array();
    for (const ColumnShape& column : table.columns)
        out.begin_array().text(column.name).text(name_of(column.kind)).end_array();
    out.end_array().key("key").begin_array();
    for (const std::size_t position : table.key)
        out.text(table.columns[position].name);
    out.end_array().end_object();
    return text;
}

std::int64_t integer_in(const json::Value& object, std::string_view name, std::int64_t otherwise = -1) {
    const json::Value* value = object.find(name);
    return value != nullptr && value->is_integer() ? value->integer() : otherwise;
}
std::string text_in(const json::Value& object, std::string_view name) {
    const json::Value* value = object.find(name);
    return value != nullptr && value->is_string() ? value->string() : "";
}

/// Names go into statements, so they must be plain.
bool is_name(std::string_view name) {
    if (name.empty() || name.size() > 64) return false;
    for (const char c : name) {
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
    }
    return true;
}

std::optional<TableShape> parse_table(std::string_view text) {
    const auto parsed = json::parse(text);
    if (!parsed || !parsed->is_object()) return std::nullopt;
    TableShape table;
    table.name = text_in(*parsed, "name");
    const json::Value* columns = parsed->find("columns");
    const json::Value* key = parsed->find("key");
    if (!is_name(table.name) || columns == nullptr || key == nullptr || !columns->is_array() || !key->is_array())
        return std::nullopt;
    for (const json::Value& column : columns->array()) {
        if (!column.is_array() || column.array().size() != 2) return std::nullopt;
        const json::Value& name = column.array()[0];
        const json::Value& kind = column.array()[1];
        if (!name.is_string() || !kind.is_string() || !is_name(name.string())) return std::nullopt;
        ColumnShape shape{name.string(), ColumnShape::Kind::text, 0};
        if (kind.string() == "integer") shape.kind = ColumnShape::Kind::integer;
        if (kind.string() == "real") shape.kind = ColumnShape::Kind::real;
        table.columns.push_back(std::move(shape));
    }
    for (const json::Value& part : key->array()) {
        const int position = part.is_string() ? table.position_of(part.string()) : -1;
        if (position < 0) return std::nullopt;
        table.key.push_back(static_cast<std::size_t>(position));
    }
    table.account = table.position_of("account_id");
    table.counted = counted_rows(table.name);
    if (table.columns.empty() || table.key.empty()) return std::nullopt;
    return table;
}

Error file_error(const std::string& what, const std::string& path) {
    return invalid(what + " " + path + ": " + std::strerror(errno) + ".", "file");
}

}  // namespace

// --- Writing -------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<BackupWriter>> BackupWriter::create(const std::string& path, const BackupHead& head) {
    const std::string part = path + ".part";
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    std::FILE* file = fd < 0 ? nullptr : ::fdopen(fd, "wb");
    if (file == nullptr) return file_error("Cannot write", part);
    std::unique_ptr<BackupWriter> writer(new BackupWriter(path, file));
    std::string text;
    json::Writer out(text);
    out.begin_object().field("format", head.format).field("program", head.program).field("schema", head.schema);
    out.field("account", head.account).field("created_at", head.created_at).end_object();
    STOA_CHECK(writer->put(kMagic));
    STOA_CHECK(writer->frame(kHead, text, false));
    return writer;
}

BackupWriter::~BackupWriter() {
    if (file_ != nullptr) std::fclose(file_);
    if (!finished_) ::unlink((path_ + ".part").c_str());
}

Status BackupWriter::put(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) return file_error("Cannot write", path_);
    hasher_.update(bytes);
    bytes_ += static_cast<std::int64_t>(bytes.size());
    return {};
}

Status BackupWriter::frame(std::uint32_t kind, std::string_view payload, bool compress) {
    std::string packed;
    if (compress) {
        uLongf size = compressBound(static_cast<uLong>(payload.size()));
        packed.resize(size);
        const int code =
            compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(payload.data()),
                      static_cast<uLong>(payload.size()), Z_BEST_SPEED);
        if (code != Z_OK) return internal_error("Rows could not be compressed.");
        packed.resize(size);
    }
    const std::string_view stored = compress ? std::string_view(packed) : payload;
    std::string head;
    append_number(head, kind);
    append_number(head, static_cast<std::uint32_t>(stored.size()));
    append_number(head, static_cast<std::uint32_t>(payload.size()));
    append_number(head, checksum(head, stored));
    STOA_CHECK(put(head));
    return put(stored);
}

Status BackupWriter::begin_table(const TableShape& table) {
    table_ = table.name;
    digest_ = {};
    ++end_.tables;
    return frame(kTable, table_json(table), false);
}

Status BackupWriter::rows(const std::vector<RowValues>& rows) {
    if (rows.empty()) return {};
    std::string bytes;
    for (const RowValues& row : rows) {
        append_row(bytes, row);
        digest_.add(row);
    }
    end_.rows += static_cast<std::int64_t>(rows.size());
    return frame(kRows, bytes, true);
}

Status BackupWriter::end_table() {
    std::string text;
    json::Writer out(text);
    out.begin_object().field("name", table_).field("rows", digest_.rows).field("digest", digest_.hex()).end_object();
    return frame(kTableEnd, text, false);
}

Result<BackupEnd> BackupWriter::finish() {
    end_.sha256 = hasher_.finish_hex();
    std::string text;
    json::Writer out(text);
    out.begin_object().field("tables", end_.tables).field("rows", end_.rows).field("sha256", end_.sha256).end_object();
    STOA_CHECK(frame(kEnd, text, false));
    const std::string part = path_ + ".part";
    if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) return file_error("Cannot write", part);
    std::FILE* file = std::exchange(file_, nullptr);
    if (std::fclose(file) != 0 || ::rename(part.c_str(), path_.c_str()) != 0) return file_error("Cannot write", path_);
    finished_ = true;
    const auto slash = path_.rfind('/');
    const Fd folder(::open(slash == std::string::npos ? "." : path_.substr(0, slash + 1).c_str(),
                           O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) (void)::fsync(folder.get());
    return end_;
}

// --- Reading -------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<BackupReader>> BackupReader::open(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "rbe");
    if (file == nullptr && errno == ENOENT) return not_found("There is no file " + path + ".");
    if (file == nullptr) return file_error("Cannot read", path);
    return read(file, path);
}

Result<std::unique_ptr<BackupReader>> BackupReader::read(std::FILE* file, const std::string& path) {
    std::unique_ptr<BackupReader> reader(new BackupReader(path, file));
    STOA_CHECK(reader->read_head());
    return reader;
}

BackupReader::~BackupReader() {
    std::fclose(file_);
}

Error BackupReader::damaged(const char* how) const {
    return invalid("The backup " + path_ + " is damaged: " + how + ". Take another one.", "file");
}

Status BackupReader::read_exactly(char* to, std::size_t bytes) {
    bytes_ += static_cast<std::int64_t>(bytes);
    if (std::fread(to, 1, bytes, file_) == bytes) return {};
    return damaged(std::ferror(file_) != 0 ? "it cannot be read" : "it ends too early");
}

Result<BackupReader::Frame> BackupReader::frame() {
    std::array<char, kFrameHeadBytes> head_bytes{};
    STOA_CHECK(read_exactly(head_bytes.data(), head_bytes.size()));
    const std::string_view head(head_bytes.data(), head_bytes.size());
    Frame frame;
    frame.kind = number_at(head, 0);
    const std::uint32_t stored = number_at(head, 4);
    const std::uint32_t raw = number_at(head, 8);
    if (stored > limits::backup_frame_bytes_max || raw > limits::backup_frame_bytes_max)
        return damaged("a frame is impossibly long");
    std::string bytes(stored, '\0');
    STOA_CHECK(read_exactly(bytes.data(), bytes.size()));
    if (checksum(head.substr(0, 12), bytes) != number_at(head, 12)) return damaged("a checksum is wrong");
    if (frame.kind != kEnd) {  // that one holds the sum of all before it
        hasher_.update(head);
        hasher_.update(bytes);
    }
    if (frame.kind != kRows) {
        frame.payload = std::move(bytes);
        return frame;
    }
    frame.payload.resize(raw);
    uLongf size = raw;
    const int code = uncompress(reinterpret_cast<Bytef*>(frame.payload.data()), &size,
                                reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()));
    if (code != Z_OK || size != raw) return damaged("rows cannot be unpacked");
    return frame;
}

Status BackupReader::read_head() {
    std::array<char, kMagic.size()> magic{};
    const std::size_t read = std::fread(magic.data(), 1, magic.size(), file_);
    if (std::string_view(magic.data(), read) != kMagic) {
        if (read >= 7 && std::string_view(magic.data(), 7) == kMagic.substr(0, 7)) {
            return Error{Errc::unsupported, "The backup " + path_ + " was written by a newer version of this program."};
        }
        return invalid("The file " + path_ + " is no backup of Stoa.", "file");
    }
    hasher_.update(kMagic);
    bytes_ = kMagic.size();
    STOA_TRY(const Frame first, frame());
    const auto parsed = json::parse(first.payload);
    if (first.kind != kHead || !parsed || !parsed->is_object()) return damaged("its head cannot be read");
    head_.format = static_cast<int>(integer_in(*parsed, "format"));
    head_.program = text_in(*parsed, "program");
    head_.schema = static_cast<int>(integer_in(*parsed, "schema"));
    head_.account = integer_in(*parsed, "account");
    head_.created_at = integer_in(*parsed, "created_at");
    if (head_.format == kBackupFormat && head_.account >= 0 && head_.schema > 0) return {};
    if (head_.format > kBackupFormat) {
        return Error{Errc::unsupported, "The backup " + path_ + " was written by version " + head_.program +
                                            " of this program in a format that this one does not know."};
    }
    return damaged("its head cannot be read");
}

Result<BackupItem> BackupReader::next() {
    if (ended_) return BackupItem{};
    STOA_TRY(const Frame next, frame());
    switch (next.kind) {
        case kTable:
            return read_table(next.payload);
        case kRows:
            return read_rows(next.payload);
        case kTableEnd:
            return read_table_end(next.payload);
        case kEnd:
            return read_end(next.payload);
        default:
            return damaged("a frame is of an unknown kind");
    }
}

Result<BackupItem> BackupReader::read_table(std::string_view text) {
    if (table_) return damaged("a table does not end");
    table_ = parse_table(text);
    if (!table_) return damaged("a table cannot be read");
    digest_ = {};
    ++seen_.tables;
    BackupItem item;
    item.table = table_;
    return item;
}

Result<BackupItem> BackupReader::read_rows(std::string_view payload) {
    if (!table_) return damaged("rows belong to no table");
    BackupItem item;
    while (!payload.empty()) {
        auto row = take_row(payload, table_->columns.size());
        if (!row) return damaged("a row cannot be read");
        digest_.add(*row);
        ++seen_.rows;
        item.rows.push_back(std::move(*row));
    }
    return item;
}

Result<BackupItem> BackupReader::read_table_end(std::string_view text) {
    const auto parsed = json::parse(text);
    if (!table_ || !parsed || !parsed->is_object()) return damaged("a table does not end");
    BackupItem item;
    item.table_end = BackupTableEnd{table_->name, digest_};
    if (text_in(*parsed, "name") != table_->name || integer_in(*parsed, "rows") != digest_.rows ||
        text_in(*parsed, "digest") != digest_.hex()) {
        return damaged("a table has not the rows that it should have");
    }
    table_.reset();
    return item;
}

Result<BackupItem> BackupReader::read_end(std::string_view text) {
    const auto parsed = json::parse(text);
    if (table_ || !parsed || !parsed->is_object()) return damaged("its end cannot be read");
    seen_.sha256 = hasher_.finish_hex();
    if (text_in(*parsed, "sha256") != seen_.sha256 || integer_in(*parsed, "rows") != seen_.rows ||
        integer_in(*parsed, "tables") != seen_.tables) {
        return damaged("the sum of the whole is wrong");
    }
    if (std::fgetc(file_) != EOF) return damaged("something follows its end");
    ended_ = true;
    BackupItem item;
    item.end = seen_;
    return item;
}

}  // namespace stoa::db::transfer
