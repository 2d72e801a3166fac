// A backup that anybody may have made: read to its end, or refused. An odd first byte: the rest is the rows of a frame,
// behind the checksums that would keep most changes out.

#include <cstdint>
#include <cstdio>

#include "db/transfer/backup_file.hpp"

namespace {

void read_rows(std::string_view bytes, std::size_t columns) {
    while (!bytes.empty()) {
        if (!stoa::db::transfer::take_row(bytes, columns)) return;
    }
}

void read_file(const std::uint8_t* data, std::size_t size) {
    std::FILE* file = fmemopen(const_cast<std::uint8_t*>(data), size, "rb");
    if (file == nullptr) return;
    const auto reader = stoa::db::transfer::BackupReader::read(file, "fuzz");
    while (reader) {
        const auto item = (*reader)->next();
        if (!item || item->end) return;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    if (data[0] % 2 == 0) {  // "S" of a backup is odd, too: it comes behind an even byte
        read_file(data + 1, size - 1);
    } else {
        read_rows({reinterpret_cast<const char*>(data) + 1, size - 1}, std::size_t{1} + data[0] / 16);
    }
    return 0;
}
