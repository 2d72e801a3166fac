#include "cluster/database/timeline.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>

#include "base/fd.hpp"
#include "base/file_util.hpp"

namespace stoa::cluster::database {
namespace {

std::string line_of(std::int64_t at_us, const char* event, std::int64_t epoch) {
    return std::to_string(at_us) + " " + event + " " + std::to_string(epoch) + "\n";
}

bool read_number(std::string_view text, std::int64_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

struct Line {
    std::int64_t at_us = 0, epoch = 0;
    bool opened = false;
};

std::optional<Line> read_line(std::string_view text) {
    Line line;
    const auto first = text.find(' ');
    const auto second = text.rfind(' ');
    if (first == std::string_view::npos || first == second) return std::nullopt;
    const auto event = text.substr(first + 1, second - first - 1);
    line.opened = event == "opened";
    if (!line.opened && event != "closed") return std::nullopt;
    if (!read_number(text.substr(0, first), line.at_us)) return std::nullopt;
    if (!read_number(text.substr(second + 1), line.epoch)) return std::nullopt;
    return line;
}

}  // namespace

void Timeline::opened(std::int64_t epoch, std::int64_t at_us) {
    struct stat about {};
    // Only here: no interval is torn apart.
    if (::stat(path_.c_str(), &about) == 0 && about.st_size >= kBytesMax) {
        (void)::rename(path_.c_str(), (path_ + ".1").c_str());
    }
    epoch_ = epoch;
    pending_ += line_of(at_us, "opened", epoch);
    flush();
}

void Timeline::closed(std::int64_t at_us) {
    if (epoch_ == 0) return;
    pending_ += line_of(at_us, "closed", epoch_);
    epoch_ = 0;
}

void Timeline::found_open(std::int64_t epoch, std::int64_t at_us) {
    const auto text = read_file(path_, 2 * kBytesMax);
    if (text && text->ends_with('\n')) {
        const auto begin = text->rfind('\n', text->size() - 2);
        const auto from = begin == std::string::npos ? 0 : begin + 1;
        const auto last = read_line(std::string_view(*text).substr(from, text->size() - 1 - from));
        if (last && last->opened) {
            epoch_ = last->epoch;
            return;
        }
    }
    opened(epoch, at_us);
}

void Timeline::flush() {
    if (pending_.empty()) return;
    const Fd file(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    const auto written = file ? ::write(file.get(), pending_.data(), pending_.size()) : 0;
    (void)written;  // see the class
    pending_.clear();
}

Result<std::vector<OpenTime>> read_timeline(const std::string& member, std::string_view text,
                                            const std::vector<std::int64_t>& ends_us) {
    std::vector<OpenTime> times;
    std::optional<OpenTime> open;
    const auto close = [&](std::int64_t at_us) {
        if (!open) return;
        open->to_us = std::max(open->from_us, at_us);
        times.push_back(*open);
        open.reset();
    };
    const auto close_unclosed = [&](std::int64_t otherwise_us) {
        for (const auto at_us : ends_us) {
            if (open && at_us >= open->from_us) otherwise_us = std::min(otherwise_us, at_us);
        }
        close(otherwise_us);
    };
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        const auto line = read_line(text.substr(0, end));
        if (!line) return invalid(member + ": cannot read \"" + std::string(text.substr(0, end)) + "\"", "timeline");
        text.remove_prefix(end + 1);
        // The same server may be told of by two, its agent and the watchdog: the first one counts.
        if (!line->opened) {
            if (open && open->epoch == line->epoch) close(line->at_us);
            continue;
        }
        close_unclosed(line->at_us);
        open = OpenTime{member, line->epoch, line->at_us, 0};
    }
    close_unclosed(std::numeric_limits<std::int64_t>::max());
    return times;
}

std::optional<std::string> two_open(std::vector<OpenTime> times) {
    std::sort(times.begin(), times.end(), [](const auto& a, const auto& b) { return a.from_us < b.from_us; });
    const OpenTime* last = nullptr;  // of those before, the one that ended last
    for (const auto& one : times) {
        if (last != nullptr && one.from_us < last->to_us && one.member != last->member) {
            return last->member + " (epoch " + std::to_string(last->epoch) + ") took writes until " +
                   std::to_string(last->to_us) + " µs, " + one.member + " (epoch " + std::to_string(one.epoch) +
                   ") from " + std::to_string(one.from_us) + " µs";
        }
        if (last == nullptr || one.to_us > last->to_us) last = &one;
    }
    return std::nullopt;
}

}  // namespace stoa::cluster::database
