#include "files/directory/blob_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/crypto.hpp"
#include "base/hasher.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "files/directory/crc32c.hpp"
#include "files/directory/faults.hpp"

namespace stoa::files {
namespace {

constexpr std::string_view kMagic = "stoablob";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kPieceBytes = 16 * BlobFile::kBlockBytes;
constexpr std::size_t kSumBytes = 4;
/// Synced on the way, so that the last sync is short: each counts as progress.
constexpr std::uint64_t kSyncEveryBytes = 8 * 1024 * 1024;

void append_number(std::string& out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
        out += static_cast<char>(value >> 8 * i & 0xFF);
}

std::uint64_t number_at(std::string_view text, std::size_t at, int bytes) {
    std::uint64_t value = 0;
    for (int i = bytes; i-- > 0;)
        value = value << 8 | static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
    return value;
}

std::uint64_t blocks_of(std::uint64_t bytes) {
    return (bytes + BlobFile::kBlockBytes - 1) / BlobFile::kBlockBytes;
}

std::string footer_text(std::uint64_t bytes, const std::string& sha256) {
    std::string out(kMagic);
    append_number(out, bytes, 8);
    append_number(out, BlobFile::kBlockBytes, 4);
    append_number(out, kVersion, 4);
    out += sha256;
    append_number(out, crc32c(out), 4);
    return out;
}

}  // namespace

Result<BlobInfo> BlobFile::write(Source& source) {
    Hasher hasher(Hasher::Kind::sha256);
    std::string sums;
    const std::uint64_t bytes = source.bytes();
    for (std::uint64_t at = 0; at < bytes; at += kPieceBytes) {
        STOA_TRY(std::string_view piece, source.piece(at, std::min<std::uint64_t>(kPieceBytes, bytes - at)));
        hasher.update(piece);
        for (std::size_t block = 0; block < piece.size(); block += kBlockBytes)
            append_number(sums, crc32c(piece.substr(block, kBlockBytes)), kSumBytes);
        STOA_CHECK(append(piece));
        if (beat_.abandoned()) return abandoned();
    }
    const std::string sha256 = hasher.finish();
    STOA_CHECK(append(sums + footer_text(bytes, sha256)));
    STOA_CHECK(sync());
    // Out of this machine's memory, so that what is read comes from where it will come from later.
    ::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED);
    STOA_CHECK(verify());
    return BlobInfo{bytes, to_hex(sha256)};
}

Status BlobFile::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(written_));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fault("write");
        beat_.beat();
        bytes.remove_prefix(static_cast<std::size_t>(n));
        written_ += static_cast<std::uint64_t>(n);
        unsynced_ += static_cast<std::uint64_t>(n);
    }
    return unsynced_ >= kSyncEveryBytes ? sync() : Status();
}

Status BlobFile::sync() {
    // Never repeated after a failure: the kernel has dropped the pages and would report success.
    if (::fsync(fd_) != 0) return fault("fsync");
    beat_.beat();
    unsynced_ = 0;
    return {};
}

Status BlobFile::read_at(std::uint64_t offset, char* to, std::size_t size) {
    while (size > 0) {
        const auto n = ::pread(fd_, to, size, static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fault("read");
        if (n == 0) return damaged("it is cut short");
        beat_.beat();
        to += n;
        offset += static_cast<std::uint64_t>(n);
        size -= static_cast<std::size_t>(n);
    }
    return {};
}

Result<BlobFile::Footer> BlobFile::footer() {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) return fault("stat");
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (!S_ISREG(info.st_mode) || size < kFooterBytes) return damaged("it has no footer");
    std::string text(kFooterBytes, '\0');
    STOA_CHECK(read_at(size - kFooterBytes, text.data(), text.size()));
    if (!text.starts_with(kMagic)) return damaged("it has no footer");
    if (crc32c(std::string_view(text).substr(0, kFooterBytes - kSumBytes)) !=
        number_at(text, kFooterBytes - kSumBytes, kSumBytes)) {
        return damaged("its footer is wrong");
    }
    if (number_at(text, 16, 4) != kBlockBytes || number_at(text, 20, 4) != kVersion) {
        return damaged("a newer version wrote it");
    }
    Footer footer{number_at(text, 8, 8), text.substr(24, 32)};
    if (footer.bytes > size || size != footer.bytes + kSumBytes * blocks_of(footer.bytes) + kFooterBytes) {
        return damaged("its length is wrong");
    }
    return footer;
}

Result<BlobInfo> BlobFile::info() {
    STOA_TRY(const Footer footer, this->footer());
    return BlobInfo{footer.bytes, to_hex(footer.sha256)};
}

/// Appends whole blocks from block `first` on, as far as `bytes` of content go, each compared with its sum.
Status BlobFile::read_blocks(const Footer& footer, std::uint64_t first, std::uint64_t bytes, std::string& to) {
    const std::uint64_t from = first * kBlockBytes;
    bytes = std::min(bytes, footer.bytes - from);
    const std::uint64_t blocks = blocks_of(bytes);
    std::string sums(static_cast<std::size_t>(blocks * kSumBytes), '\0');
    STOA_CHECK(read_at(footer.bytes + first * kSumBytes, sums.data(), sums.size()));
    const std::size_t before = to.size();
    to.resize(before + static_cast<std::size_t>(bytes));
    STOA_CHECK(read_at(from, to.data() + before, static_cast<std::size_t>(bytes)));
    const std::string_view content = std::string_view(to).substr(before);
    for (std::size_t block = 0; block < blocks; ++block) {
        if (crc32c(content.substr(block * kBlockBytes, kBlockBytes)) != number_at(sums, block * kSumBytes, kSumBytes)) {
            return damaged("a block has changed");
        }
    }
    return {};
}

Result<std::string> BlobFile::read(ByteRange range) {
    STOA_TRY(const Footer footer, this->footer());
    const std::uint64_t end = std::min(range.end, footer.bytes);
    if (range.begin >= end) return std::string();
    if (end - range.begin > limits::file_read_bytes_max) {
        return Error{Errc::too_large, "At most " + std::to_string(limits::file_read_bytes_max >> 20) +
                                          " MiB of a stored file are read at once."};
    }
    const std::uint64_t first = range.begin / kBlockBytes;
    std::string out;
    STOA_CHECK(read_blocks(footer, first, blocks_of(end) * kBlockBytes - first * kBlockBytes, out));
    if (range.begin == 0 && end == footer.bytes && sha256(out) != footer.sha256)
        return damaged("its SHA-256 is another");
    const auto skip = static_cast<std::size_t>(range.begin - first * kBlockBytes);
    out.resize(static_cast<std::size_t>(end - first * kBlockBytes));
    out.erase(0, skip);
    return out;
}

Status BlobFile::verify() {
    STOA_TRY(const Footer footer, this->footer());
    Hasher hasher(Hasher::Kind::sha256);
    std::string piece;
    for (std::uint64_t at = 0; at < footer.bytes; at += kPieceBytes) {
        piece.clear();
        STOA_CHECK(read_blocks(footer, at / kBlockBytes, kPieceBytes, piece));
        hasher.update(piece);
        if (beat_.abandoned()) return abandoned();
    }
    if (hasher.finish() != footer.sha256) return damaged("its SHA-256 is another");
    return {};
}

Error BlobFile::damaged(const char* what) const {
    static Counter& count = counter("stoa_files_damaged_total", "Stored files found damaged");
    count.add();
    log::error("stored_file_damaged", {{"path", path_}, {"reason", what}, {"do", "restore this file from a backup"}});
    return internal_error(std::string("The stored file is damaged: ") + what + ".");
}

Error BlobFile::fault(const char* call) const {
    return directory_fault(call, path_, errno, beat_);
}

}  // namespace stoa::files
