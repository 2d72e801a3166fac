#include "push/presence_news.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/random.hpp"
#include "push/limits.hpp"

namespace stoa::push {
namespace {

using Kind = PresenceNews::Kind;

constexpr std::size_t kNodeLetters = 12, kNodeLettersMax = 40;
constexpr std::array<std::pair<Kind, std::string_view>, 5> kKinds{
    {{Kind::came, "came"}, {Kind::left, "left"}, {Kind::here, "here"}, {Kind::who, "who"}, {Kind::gone, "gone"}}};

struct Part {
    bool begins, ends;
    std::string_view name;
};
constexpr std::array<Part, 4> kParts{
    {{true, true, "only"}, {true, false, "first"}, {false, false, "more"}, {false, true, "last"}}};

std::string_view name_of(Kind kind) {
    return std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& one) { return one.first == kind; })->second;
}

std::string_view part_of(bool begins, bool ends) {
    return std::find_if(kParts.begin(), kParts.end(),
                        [&](const Part& one) { return one.begins == begins && one.ends == ends; })
        ->name;
}

/// The next word; empty at the end.
std::string_view take_word(std::string_view& text) {
    const auto blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    return word;
}

bool is_node(std::string_view word) {
    return !word.empty() && word.size() <= kNodeLettersMax;
}

template <class Number>
std::optional<Number> number_of(std::string_view word) {
    Number number = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    if (read.ec != std::errc{} || read.ptr != word.data() + word.size()) return std::nullopt;
    return number;
}

Error no_news() {
    return invalid("This is no news of who is connected.");
}

}  // namespace

std::string new_node_name() {
    return random_alnum(kNodeLetters);
}

std::vector<std::string> to_texts(const PresenceNews& news) {
    std::vector<std::string> out;
    std::size_t at = 0;
    do {
        const std::size_t end = std::min(at + limits::push_news_users_max, news.users.size());
        std::string text(name_of(news.kind));
        text.append(" ").append(news.node).append(" ").append(std::to_string(news.number + out.size()));
        if (news.kind == Kind::gone) text.append(" ").append(news.dead);
        if (news.kind == Kind::here) text.append(" ").append(part_of(at == 0, end == news.users.size()));
        for (; at < end; ++at)
            text.append(" ").append(std::to_string(news.users[at]));
        out.push_back(std::move(text));
    } while (at < news.users.size());
    return out;
}

Result<PresenceNews> presence_news_from(std::string_view text) {
    PresenceNews out;
    const std::string_view name = take_word(text);
    const auto kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& one) { return one.second == name; });
    if (kind == kKinds.end()) return no_news();
    out.kind = kind->first;
    out.node = take_word(text);
    const auto number = number_of<std::uint64_t>(take_word(text));
    if (!is_node(out.node) || !number) return no_news();
    out.number = *number;
    if (out.kind == Kind::gone) {
        out.dead = take_word(text);
        if (!is_node(out.dead)) return no_news();
    }
    if (out.kind == Kind::here) {
        const std::string_view word = take_word(text);
        const auto part = std::find_if(kParts.begin(), kParts.end(), [&](const Part& one) { return one.name == word; });
        if (part == kParts.end()) return no_news();
        out.begins = part->begins;
        out.ends = part->ends;
    }
    while (!text.empty()) {
        const auto user = number_of<UserId>(take_word(text));
        if (!user || *user < 1 || out.users.size() == limits::push_news_users_max) return no_news();
        out.users.push_back(*user);
    }
    return out;
}

}  // namespace stoa::push
