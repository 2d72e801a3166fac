#pragma once
// CRC-32C (Castagnoli), the checksum of ext4, iSCSI and most storage: finds flipped bits and torn blocks, not forgery.
// Pure function, any thread; about 2 GB/s. RFC 3720, appendix B.4.

#include <cstdint>
#include <string_view>

namespace stoa::files {

std::uint32_t crc32c(std::string_view bytes);

}  // namespace stoa::files
