#include "cluster/balancer/runtime_api.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <utility>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "cluster/balancer/waiting_room.hpp"

namespace stoa::cluster {
namespace {

// Bits of `show servers state`, from HAProxy's management guide.
constexpr std::int64_t kMaintenanceBits = 0x01 | 0x02 | 0x20 | 0x40;  // 0x04: was disabled in the file, once
constexpr std::int64_t kDrainBits = 0x08 | 0x10;
constexpr std::int64_t kCheckEnabledBit = 0x04;

class Deadline {
  public:
    explicit Deadline(int timeout_ms) : at_us_(system_clock().monotonic_us() + std::int64_t{timeout_ms} * 1000) {}
    /// False when it passed before the descriptor was ready.
    bool wait(int fd, short events) const {
        for (;;) {
            const std::int64_t left_us = at_us_ - system_clock().monotonic_us();
            if (left_us <= 0) return false;
            pollfd entry{fd, events, 0};
            const int ready = ::poll(&entry, 1, static_cast<int>((left_us + 999) / 1000));
            if (ready > 0) return true;
            if (ready < 0 && errno != EINTR) return false;
        }
    }

  private:
    std::int64_t at_us_;
};

Error hangs(const std::string& path) {
    return {Errc::timeout, "HAProxy does not answer on " + path};
}

Result<Fd> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return invalid("the path of HAProxy's socket is too long: " + path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return internal_error("no socket for HAProxy's runtime API");
    while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        // A full backlog of a Unix socket is EAGAIN, not a connection in progress.
        if (errno == EAGAIN) return hangs(path);
        if (errno != EINTR) return Error{Errc::unavailable, "HAProxy does not run: nobody listens on " + path};
    }
    return fd;
}

using Row = std::map<std::string, std::string, std::less<>>;

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == text.npos) return parts;
        text.remove_prefix(end + 1);
    }
}

/// Rows of a table whose heading begins with '#'; values in quotes may hold the separator.
std::vector<Row> parse_table(std::string_view text, char separator) {
    std::vector<Row> rows;
    std::vector<std::string_view> names;
    for (std::string_view line : split(text, '\n')) {
        if (line.starts_with("# ")) {
            names = split(line.substr(2), separator);
            continue;
        }
        if (names.empty() || line.empty()) continue;
        Row row;
        std::size_t column = 0, begin = 0;
        bool quoted = false;
        for (std::size_t i = 0; i <= line.size() && column < names.size(); ++i) {
            if (i < line.size() && line[i] == '"') quoted = !quoted;
            if (i < line.size() && (quoted || line[i] != separator)) continue;
            row.emplace(names[column++], line.substr(begin, i - begin));
            begin = i + 1;
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string_view text_of(const Row& row, std::string_view name) {
    const auto found = row.find(name);
    return found == row.end() ? std::string_view() : std::string_view(found->second);
}

std::int64_t number_of(const Row& row, std::string_view name) {
    const std::string_view text = text_of(row, name);
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

Result<std::string> RuntimeApi::call(std::string_view command) const {
    const Deadline deadline(timeout_ms_);
    STOA_TRY(const Fd fd, connect_to(path_));
    std::string line(command);
    line += '\n';
    for (std::size_t sent = 0; sent < line.size();) {
        if (!deadline.wait(fd.get(), POLLOUT)) return hangs(path_);
        const ssize_t n = ::send(fd.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (n > 0) sent += static_cast<std::size_t>(n);
        if (n < 0 && errno != EAGAIN && errno != EINTR) return Error{Errc::unavailable, "HAProxy closed " + path_};
    }
    std::string answer;
    char buffer[16 * 1024];
    for (;;) {
        if (!deadline.wait(fd.get(), POLLIN)) return hangs(path_);
        const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
        if (n == 0) break;
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (n < 0) return Error{Errc::unavailable, "HAProxy closed " + path_};
        answer.append(buffer, static_cast<std::size_t>(n));
        if (answer.size() > limits::balancer_answer_bytes_max)
            return Error{Errc::too_large, "an answer of HAProxy is too long"};
    }
    while (!answer.empty() && answer.back() == '\n')
        answer.pop_back();
    return answer;
}

Status RuntimeApi::run(std::string_view command) const {
    STOA_TRY(const std::string answer, call(command));
    const bool only_newlines = std::all_of(answer.begin(), answer.end(), [](char c) { return c == '\n'; });
    if (only_newlines || answer.find("registered") != answer.npos || answer.find("deleted") != answer.npos) return {};
    return Error{Errc::conflict, "HAProxy refuses \"" + std::string(command.substr(0, 60)) + "\": " + answer};
}

std::vector<ServerStatus> parse_servers(std::string_view servers_state, std::string_view stat_csv) {
    std::map<std::pair<std::string, std::string>, Row> stats;
    for (auto& row : parse_table(stat_csv, ',')) {
        std::pair key{std::string(text_of(row, "pxname")), std::string(text_of(row, "svname"))};
        stats.emplace(std::move(key), std::move(row));
    }
    std::vector<ServerStatus> servers;
    for (const auto& row : parse_table(servers_state, ' ')) {
        ServerStatus server;
        server.backend = text_of(row, "be_name");
        server.name = text_of(row, "srv_name");
        const auto stat = stats.find({server.backend, server.name});
        if (stat == stats.end() || server.name == kWaitingRoom) continue;
        server.address = text_of(row, "srv_addr");
        server.port = static_cast<std::uint16_t>(number_of(row, "srv_port"));
        const std::int64_t admin = number_of(row, "srv_admin_state");
        server.up = number_of(row, "srv_op_state") != 0;
        server.maintenance = (admin & kMaintenanceBits) != 0;
        server.draining = (admin & kDrainBits) != 0;
        server.checks_paused = (number_of(row, "srv_check_state") & kCheckEnabledBit) == 0;
        server.check = text_of(stat->second, "check_desc");
        if (server.check.size() >= 2 && server.check.front() == '"')
            server.check = server.check.substr(1, server.check.size() - 2);
        // "* L4TOUT" is a check that goes on now, with the result before it.
        std::string_view last = text_of(stat->second, "check_status");
        if (last.starts_with("* ")) last.remove_prefix(2);
        server.check_failing = !last.empty() && last != "INI" && !last.ends_with("OK");
        server.changed_s = number_of(stat->second, "lastchg");
        server.sessions = number_of(stat->second, "scur");
        server.passive_downs = number_of(stat->second, "hanafail");
        servers.push_back(std::move(server));
    }
    return servers;
}

Result<std::vector<ServerStatus>> read_servers(const RuntimeApi& api) {
    STOA_TRY(const std::string state, api.call("show servers state"));
    STOA_TRY(const std::string stat, api.call("show stat"));
    return parse_servers(state, stat);
}

}  // namespace stoa::cluster
