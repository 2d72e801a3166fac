#pragma once
// What takes long, and must not be cut off by maintenance: requests whose body trickles in, and a large file in parts.
// Blocking; each on a thread of its own, in the network of the target.

#include <atomic>
#include <cstdint>
#include <string>

#include "app/probe/target.hpp"

namespace stoa::app::probe {

/// One write whose body takes so long to arrive, on one connection and without a second try. Errors: what went wrong.
Status write_slowly(const Target& target, const std::string& title, int duration_ms);

struct LargeUpload {
    std::uint64_t bytes = 200ULL << 20;
    int duration_ms = 20'000;  ///< spread over so long, at least
    std::uint64_t part_bytes = 8ULL << 20;
};
struct UploadReport {
    int parts = 0;
    int repeated = 0;  ///< parts whose answer did not come: the upload was asked how far it is
};
/// Uploads a file of random content to the drive in parts, reads it back and compares; then removes it. `progress` goes
/// up with each byte that the portal has.
Result<UploadReport> upload_large(const Target& target, const LargeUpload& upload,
                                  std::atomic<std::uint64_t>& progress);

}  // namespace stoa::app::probe
