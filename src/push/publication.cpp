#include "push/publication.hpp"

#include <charconv>
#include <iterator>

#include "base/limits.hpp"
#include "base/time_format.hpp"
#include "json/writer.hpp"

namespace stoa::push {
namespace {

constexpr std::size_t kBodyRestBytes = 180;  ///< of a body beside its names and parameters
/// Behind the time; 19 is the client protocol's revision. Written out, because every message has it.
constexpr std::string_view kBodyEnd = R"(,"server_name":"stoa","revision_web":19,"revision_mobile":19}})";

/// 1785000000.000123
void append_seconds(std::string& out, std::int64_t us) {
    constexpr std::int64_t kSecond = 1'000'000;
    char digits[32];
    char* const rest = std::to_chars(digits, std::end(digits), us / kSecond).ptr;
    char* const end = std::to_chars(rest, std::end(digits), us % kSecond + kSecond).ptr;  // its zeros behind a one
    *rest = '.';
    out.append(digits, end);
}

bool is_route(std::string_view text) {
    if (text.empty() || text.size() > limits::push_route_bytes_max) return false;
    for (const char c : text) {
        if (c <= ' ' || c == 0x7f) return false;
    }
    return true;
}

}  // namespace

const char* const kAccountRoute = "all";

std::string user_route(std::int64_t user) {
    return "u" + std::to_string(user);
}
std::string status_route(std::int64_t user) {
    return "o" + std::to_string(user);
}
std::string tag_route(std::string_view tag) {
    return "t" + std::string(tag);
}
std::string_view tag_of(std::string_view route) {
    return route.substr(1);
}

std::string route_of(const api::PushChannel& channel) {
    using Kind = api::PushChannel::Kind;
    switch (channel.kind) {
        case Kind::account:
            return kAccountRoute;
        case Kind::app:
            return "x" + channel.app;
        case Kind::app_user:
            return "x" + channel.app + ":" + std::to_string(channel.user);
        case Kind::user:
        case Kind::open:
            break;
    }
    if (channel.app.empty()) return user_route(channel.user);
    return "x" + channel.app + ":" + std::to_string(channel.user);
}

std::string body_of(std::string_view module_id, std::string_view command, std::string_view params_json,
                    std::int64_t now_us) {
    std::string text;
    text.reserve(module_id.size() + command.size() + params_json.size() + kBodyRestBytes);
    json::Writer out(text);
    out.begin_object().raw_key("module_id").text(module_id).raw_key("command").text(command);
    out.raw_key("params").raw(params_json.empty() ? "{}" : params_json);
    text.append(R"(,"extra":{"server_time_unix":)");
    append_seconds(text, now_us);
    return text.append(kBodyEnd);
}

std::string to_text(const Publication& publication) {
    std::string out;
    for (const std::string& route : publication.routes)
        out.append(out.empty() ? "" : " ").append(route);
    return out.append("\n").append(publication.sender).append("\n").append(publication.body);
}

Result<Publication> publication_from(std::string_view text) {
    const auto first = text.find('\n');
    const auto second = first == std::string_view::npos ? first : text.find('\n', first + 1);
    if (second == std::string_view::npos) return invalid("This is no publication.");
    Publication out;
    std::string_view routes = text.substr(0, first);
    while (!routes.empty()) {
        const auto blank = routes.find(' ');
        const std::string_view route = routes.substr(0, blank);
        if (!is_route(route)) return invalid("This is no route.");
        out.routes.emplace_back(route);
        routes.remove_prefix(blank == std::string_view::npos ? routes.size() : blank + 1);
    }
    out.sender = text.substr(first + 1, second - first - 1);
    out.body = text.substr(second + 1);
    return out;
}

net::Frames frame_of(const Position& position, const Publication& publication) {
    return net::text_frame({R"({"jsonrpc":"2.0","method":"incoming.message","params":{"mid":")", position.text(),
                            R"(","body":)", publication.body, publication.sender.empty() ? "" : R"(,"sender":)",
                            publication.sender, "}}"});
}

}  // namespace stoa::push
