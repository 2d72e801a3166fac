#include "files/s3/digests.hpp"

#include <algorithm>

#include "base/hasher.hpp"
#include "base/utf8.hpp"

namespace stoa::files::s3 {
namespace {

constexpr std::uint64_t kPieceBytes = 1024 * 1024;

}  // namespace

Result<Digests> digest(Source& source, std::uint64_t part_bytes, Beat& beat) {
    Digests out;
    Hasher whole(Hasher::Kind::sha256), sha256(Hasher::Kind::sha256), md5(Hasher::Kind::md5);
    const std::uint64_t bytes = source.bytes();
    std::uint64_t begin = 0;
    do {
        const std::uint64_t end = std::min(bytes, begin + part_bytes);
        for (std::uint64_t at = begin; at < end; at += kPieceBytes) {
            STOA_TRY(const std::string_view piece, source.piece(at, std::min(kPieceBytes, end - at)));
            whole.update(piece);
            sha256.update(piece);
            md5.update(piece);
            beat.beat();
            if (beat.abandoned()) return Error{Errc::timeout, "The operation was given up."};
        }
        out.parts.push_back({begin, end - begin, sha256.finish_hex(), md5.finish_hex()});
        begin = end;
    } while (begin < bytes);
    out.sha256 = whole.finish_hex();
    return out;
}

bool etag_fits(std::string_view etag, bool encrypted, const std::string& md5) {
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
    const bool is_md5 = etag.size() == 32 && etag.find_first_not_of("0123456789abcdefABCDEF") == etag.npos;
    return encrypted || !is_md5 || equals_any_case(etag, md5);
}

}  // namespace stoa::files::s3
