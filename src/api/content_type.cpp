#include "api/content_type.hpp"

#include <array>

namespace stoa::api {

namespace {

using namespace std::string_view_literals;

struct Magic {
    std::size_t offset;
    std::string_view bytes;
    std::string_view type;
};

// No SVG, HTML or XML: they can carry scripts.
constexpr std::array kMagic = {
    Magic{0, "\x89PNG\r\n\x1a\n"sv, "image/png"},
    Magic{0, "\xff\xd8\xff"sv, "image/jpeg"},
    Magic{0, "GIF87a"sv, "image/gif"},
    Magic{0, "GIF89a"sv, "image/gif"},
    Magic{8, "WEBPVP8"sv, "image/webp"},
    Magic{4, "ftypavif"sv, "image/avif"},
    Magic{0, "%PDF-"sv, "application/pdf"},
    Magic{0, "PK\x03\x04"sv, "application/zip"},
    Magic{0, "\x1f\x8b\x08"sv, "application/gzip"},
    Magic{0, "OggS\0"sv, "audio/ogg"},
    Magic{0, "ID3"sv, "audio/mpeg"},
    Magic{8, "WAVEfmt "sv, "audio/wav"},
    Magic{4, "ftypM4A"sv, "audio/mp4"},
    Magic{4, "ftyp"sv, "video/mp4"},
    Magic{0, "\x1a\x45\xdf\xa3"sv, "video/webm"},
};

}  // namespace

std::string_view sniff_content_type(std::string_view bytes) {
    for (const Magic& magic : kMagic) {
        if (bytes.size() >= magic.offset && bytes.substr(magic.offset, magic.bytes.size()) == magic.bytes) {
            return magic.type;
        }
    }
    return "application/octet-stream";
}

bool may_show_inline(std::string_view content_type) {
    return content_type.starts_with("image/") || content_type.starts_with("audio/") ||
           content_type.starts_with("video/");
}

}  // namespace stoa::api
