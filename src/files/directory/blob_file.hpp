#pragma once
// How a blob lies in a file of a directory store:
//
//   content | CRC-32C of each 64 KiB block of it, 4 bytes each | footer of 60 bytes
//   footer: "stoablob" | content bytes, 8 | block bytes, 4 | version, 4 | SHA-256 of the content, 32 | CRC-32C of
//   those, 4
//
// Numbers are little-endian. One file, so that content and checksums cannot part; the content first, so that `head -c`
// gets it back by hand. A reader checks every block it touches, and the SHA-256 when it reads everything.
// Blocking, one thread at a time.

#include <cstdint>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "files/beat.hpp"
#include "files/source.hpp"
#include "files/store.hpp"

namespace stoa::files {

class BlobFile {
  public:
    static constexpr std::size_t kBlockBytes = 64 * 1024;
    static constexpr std::size_t kFooterBytes = 60;

    /// `path` is for the log. The file is open for what will be called, and empty before write().
    BlobFile(const Fd& fd, std::string path, Beat& beat) : fd_(fd.get()), path_(std::move(path)), beat_(beat) {}

    /// Writes everything, syncs it to the disk, and reads it back from there. Errors: those of the source and the disk.
    Result<BlobInfo> write(Source& source);
    /// Errors: internal when the file is damaged or cut short.
    Result<BlobInfo> info();
    Result<std::string> read(ByteRange range);
    /// Reads and checks everything. Errors as info().
    Status verify();

  private:
    struct Footer {
        std::uint64_t bytes = 0;
        std::string sha256;  ///< raw
    };
    Result<Footer> footer();
    Status append(std::string_view bytes);
    Status sync();
    Status read_at(std::uint64_t offset, char* to, std::size_t size);
    Status read_blocks(const Footer& footer, std::uint64_t first, std::uint64_t bytes, std::string& to);
    Error damaged(const char* what) const;
    Error fault(const char* call) const;

    int fd_;
    std::string path_;
    Beat& beat_;
    std::uint64_t written_ = 0;
    std::uint64_t unsynced_ = 0;
};

}  // namespace stoa::files
