#pragma once
// When one member's server took writes, as lines of a file that a checker reads afterwards to prove that at no instant
// two did:
//   <monotonic µs> opened <epoch>    just before read_only is cleared
//   <monotonic µs> closed <epoch>    when it is certain that no write is taken any more
// The clock is one host's: lines of different hosts compare only where they share a kernel, as in the lab.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace stoa::cluster::database {

/// Writes it. One thread. A line that cannot be written is left out.
class Timeline {
  public:
    static constexpr std::int64_t kBytesMax = 1'000'000;  ///< then it goes to <path>.1, and what was there away

    explicit Timeline(std::string path) : path_(std::move(path)) {}
    /// Before writes are taken; on the disk's way when it returns.
    void opened(std::int64_t epoch, std::int64_t at_us);
    /// Kept in memory until flush(): what it tells of may have to go on without a disk. Nothing unless it is open.
    void closed(std::int64_t at_us);
    void flush();
    bool is_open() const { return epoch_ != 0; }
    /// The server was found taking writes: an earlier run of the agent opened it, and this one goes on.
    void found_open(std::int64_t epoch, std::int64_t at_us);

  private:
    const std::string path_;
    std::int64_t epoch_ = 0;
    std::string pending_;
};

/// One time that a server took writes.
struct OpenTime {
    std::string member;
    std::int64_t epoch = 0, from_us = 0, to_us = 0;
};

/// The lines of one member, oldest first. An interval that nobody closed, because the whole host was killed, ends at
/// the first of `ends_us` after its begin, without one when it is opened again, or never. Errors: invalid_argument with
/// the line that cannot be read; the last one may be cut short.
Result<std::vector<OpenTime>> read_timeline(const std::string& member, std::string_view text,
                                            const std::vector<std::int64_t>& ends_us);

/// Two that took writes at one instant, for people; nothing when there are none.
std::optional<std::string> two_open(std::vector<OpenTime> times);

}  // namespace stoa::cluster::database
