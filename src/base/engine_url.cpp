#include "base/engine_url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace stoa {
namespace {

constexpr std::size_t kUrlBytesMax = 4096;
constexpr std::size_t kHostsMax = 64;
/// What may stand unencoded in each part when it is printed, besides letters and digits.
constexpr std::string_view kUserMarks = "-._~!$'()*+";
constexpr std::string_view kPathMarks = "-._~/";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// No message repeats what was read: a password with a mark that should have been encoded can end up in any part.
Error wrong(const std::string& what) {
    return invalid("The address of the engine is wrong: " + what + ".");
}

int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_ipv6(std::string_view name) {
    return name.find(':') != std::string_view::npos &&
           name.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

Result<std::string> decode(std::string_view text, const std::string& part) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) return wrong("a % in the " + part + " is not followed by two hex digits");
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (is_control(c)) return wrong("the " + part + " holds a control character");
        out += c;
    }
    return out;
}

void append_encoded(std::string& out, std::string_view text, std::string_view marks) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        if (is_letter(c) || is_digit(c) || marks.find(c) != std::string_view::npos) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte / 16];
        out += digits[byte % 16];
    }
}

Result<EngineUrl::Host> read_host(std::string_view text) {
    EngineUrl::Host host;
    std::optional<std::string_view> port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return wrong("a [ of a host has no ]");
        host.name = text.substr(1, end - 1);
        if (!is_ipv6(host.name)) return wrong("only an IPv6 address stands in [ ]");
        const std::string_view rest = text.substr(end + 1);
        if (!rest.empty() && rest.front() != ':') return wrong("after the ] of a host, only :port may follow");
        if (!rest.empty()) port = rest.substr(1);
    } else {
        const auto colon = text.find(':');
        STOA_TRY(host.name, decode(text.substr(0, colon), "host"));
        if (colon != std::string_view::npos) port = text.substr(colon + 1);
    }
    if (host.name.empty()) return wrong("a host is empty");
    if (!port) return host;
    const auto [end, error] = std::from_chars(port->data(), port->data() + port->size(), host.port);
    if (error != std::errc{} || end != port->data() + port->size() || host.port == 0) {
        return wrong(
            "a port is not a number from 1 to 65535 (IPv6 addresses stand in [ ]; in a name or password, "
            ": / @ ? # % are written %3A %2F %40 %3F %23 %25)");
    }
    return host;
}

Status read_authority(std::string_view text, EngineUrl& url) {
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        const std::string_view login = text.substr(0, at);
        if (login.find('@') != std::string_view::npos) return wrong("an @ in the user or password is written %40");
        const auto colon = login.find(':');
        STOA_TRY(url.user, decode(login.substr(0, colon), "user"));
        if (colon != std::string_view::npos) {
            STOA_TRY(url.password, decode(login.substr(colon + 1), "password"));
        }
        text.remove_prefix(at + 1);
    }
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        if (url.hosts.size() == kHostsMax) return wrong("it names more than " + std::to_string(kHostsMax) + " hosts");
        STOA_TRY(EngineUrl::Host host, read_host(text.substr(from, comma - from)));
        url.hosts.push_back(std::move(host));
        from = comma + 1;
    }
    return {};
}

Status read_parameters(std::string_view text, EngineUrl& url) {
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('&', from), text.size());
        const std::string_view pair = text.substr(from, end - from);
        const auto equals = pair.find('=');
        STOA_TRY(std::string name, decode(pair.substr(0, equals), "parameters"));
        if (name.empty()) return wrong("a parameter has no name");
        const std::string_view raw = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
        STOA_TRY(std::string value, decode(raw, "parameters"));
        if (!url.parameters.emplace(std::move(name), std::move(value)).second)
            return wrong("a parameter is given twice");
        from = end + 1;
    }
    return {};
}

/// What follows "scheme://".
Status read_hierarchy(std::string_view text, EngineUrl& url) {
    if (text.find_first_of(" #") != std::string_view::npos) return wrong("a space is written %20, a # %23");
    const auto question = text.find('?');
    const std::string_view parameters = question == std::string_view::npos ? "" : text.substr(question + 1);
    text = text.substr(0, question);
    const auto slash = text.find('/');
    const std::string_view path = slash == std::string_view::npos ? "" : text.substr(slash + 1);
    // Else a password with a slash would be taken for host and path, and printed.
    if (path.find('@') != std::string_view::npos || parameters.find('@') != std::string_view::npos)
        return wrong("a / or ? in the user or password is written %2F or %3F, an @ behind the host %40");
    STOA_CHECK(read_authority(text.substr(0, slash), url));
    STOA_TRY(url.path, decode(path, "path"));
    return read_parameters(parameters, url);
}

}  // namespace

std::string EngineUrl::parameter(const std::string& name, std::string_view otherwise) const {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string(otherwise) : found->second;
}

std::string EngineUrl::printable() const {
    if (scheme == "dir" || scheme == "memory") return scheme + ":" + path;
    std::string out = scheme + "://";
    if (!user.empty()) {
        append_encoded(out, user, kUserMarks);
        out += '@';
    }
    std::string_view between;
    for (const Host& host : hosts) {
        out += between;
        between = ",";
        if (is_ipv6(host.name)) {
            out += '[' + host.name + ']';
        } else {
            append_encoded(out, host.name, "-._~");
        }
        if (host.port != 0) out += ':' + std::to_string(host.port);
    }
    if (!path.empty()) {
        out += '/';
        append_encoded(out, path, kPathMarks);
    }
    char mark = '?';
    for (const auto& [name, value] : parameters) {
        out += mark;
        mark = '&';
        append_encoded(out, name, kPathMarks);
        out += '=';
        append_encoded(out, value, kPathMarks);
    }
    return out;
}

Result<EngineUrl> parse_engine_url(std::string_view text) {
    if (text.size() > kUrlBytesMax) return wrong("it is longer than " + std::to_string(kUrlBytesMax) + " bytes");
    if (std::any_of(text.begin(), text.end(), is_control)) return wrong("it holds a control character");
    const auto colon = text.find(':');
    const std::string_view scheme = text.substr(0, colon);
    const bool named = colon != std::string_view::npos && !scheme.empty() && is_letter(scheme.front()) &&
                       std::all_of(scheme.begin(), scheme.end(), [](char c) {
                           return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
                       });
    if (!named) return wrong("it must begin with a scheme, as in redis://10.0.0.1:6379 or dir:/srv/files");
    EngineUrl url;
    for (const char c : scheme)
        url.scheme += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    const std::string_view rest = text.substr(colon + 1);
    if (url.scheme == "dir") {
        if (rest.empty()) return wrong("dir: must be followed by a folder, as in dir:/srv/files");
        url.path = rest;
        return url;
    }
    if (url.scheme == "memory") {
        if (!rest.empty()) return wrong("nothing may follow memory:");
        return url;
    }
    if (!rest.starts_with("//")) return wrong("the scheme must be followed by //host, as in redis://10.0.0.1:6379");
    STOA_CHECK(read_hierarchy(rest.substr(2), url));
    return url;
}

}  // namespace stoa
