#include "modules/chat/mentions.hpp"

#include <algorithm>
#include <charconv>

#include "base/utf8.hpp"
#include "modules/chat/limits.hpp"

namespace stoa::chat {

namespace {

constexpr std::size_t kTagBytesMax = 200;  ///< a longer one is text in brackets

/// Bytes of the tag that begins at `at`, with its brackets; 0 when there is none. A tag is [NAME], [/NAME] or
/// [NAME=…] with a name of letters.
std::size_t tag_bytes(std::string_view text, std::size_t at) {
    const std::size_t end = text.substr(0, std::min(text.size(), at + kTagBytesMax)).find(']', at);
    if (end == std::string_view::npos) return 0;
    std::string_view inside = text.substr(at + 1, end - at - 1);
    if (inside.starts_with('/')) inside.remove_prefix(1);
    const std::string_view name = inside.substr(0, inside.find_first_of("= "));
    const bool letters = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
    return letters ? end + 1 - at : 0;
}

}  // namespace

std::vector<UserId> mentions_in(std::string_view text) {
    constexpr std::string_view kOpening = "[USER=";
    std::vector<UserId> out;
    for (auto at = text.find(kOpening); at != std::string_view::npos; at = text.find(kOpening, at + 1)) {
        if (out.size() == limits::mentions_per_message_max) break;
        const std::string_view rest = text.substr(at + kOpening.size());
        UserId user = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), user);
        const bool closed = error == std::errc() && end != rest.data() + rest.size() && (*end == ']' || *end == ' ');
        if (closed && user > 0 && std::find(out.begin(), out.end(), user) == out.end()) out.push_back(user);
    }
    return out;
}

std::string preview(std::string_view text) {
    // More than enough for what is kept: tags are short, and a character has at most four bytes.
    constexpr std::size_t kLookedAt = 16 * limits::preview_characters_max;
    std::string out;
    std::size_t at = 0;
    while (at < std::min(text.size(), kLookedAt)) {
        const std::size_t tag = text[at] == '[' ? tag_bytes(text, at) : 0;
        if (tag > 0) {
            at += tag;
            continue;
        }
        const std::size_t bytes = std::max<std::size_t>(1, utf8_sequence_bytes(text.substr(at, 4)));
        const bool blank = text[at] == '\n' || text[at] == '\r' || text[at] == '\t';
        out.append(blank ? std::string_view(" ") : text.substr(at, bytes));
        at += bytes;
    }
    return std::string(utf8_prefix(out, limits::preview_characters_max));
}

}  // namespace stoa::chat
