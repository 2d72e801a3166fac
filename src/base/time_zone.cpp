#include <algorithm>
#include <map>

#include "base/file_util.hpp"
#include "base/thread_annotations.hpp"
#include "base/time_format.hpp"

namespace stoa {
namespace {

constexpr std::size_t kZoneFileBytesMax = 64 * 1024;
constexpr int kDay = 86'400;
constexpr char kZoneFolder[] = "/usr/share/zoneinfo/";

Error damaged(const std::string& name) {
    return invalid("The time zone file of " + name + " is damaged.");
}

/// Reads big-endian numbers; running past the end turns ok() false and yields zeros.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    std::uint64_t number(int size) {
        const std::string_view from = take(static_cast<std::size_t>(size));
        std::uint64_t v = 0;
        for (const char c : from)
            v = v << 8 | static_cast<unsigned char>(c);
        return v;
    }
    std::int64_t seconds(int size) {
        return size == 4 ? static_cast<std::int32_t>(number(4)) : static_cast<std::int64_t>(number(8));
    }
    std::string_view take(std::uint64_t n) {
        if (n > bytes_.size()) {
            ok_ = false;
            bytes_ = {};
        }
        const std::string_view head = bytes_.substr(0, n);
        bytes_.remove_prefix(head.size());
        return head;
    }
    std::string_view rest() const { return bytes_; }
    bool ok() const { return ok_; }

  private:
    std::string_view bytes_;
    bool ok_ = true;
};

struct Header {
    int version = 1;
    std::uint64_t ut_flags, std_flags, leaps, times, types, name_bytes;

    std::uint64_t data_bytes(int time_size) const {
        const auto size = static_cast<std::uint64_t>(time_size);
        return times * (size + 1) + types * 6 + name_bytes + leaps * (size + 4) + std_flags + ut_flags;
    }
};

bool read_header(Reader& in, Header& header) {
    if (in.take(4) != "TZif") return false;
    const std::string_view version = in.take(16);
    if (!in.ok()) return false;
    header.version = version[0] == '\0' ? 1 : version[0] - '0';
    for (auto* field :
         {&header.ut_flags, &header.std_flags, &header.leaps, &header.times, &header.types, &header.name_bytes}) {
        *field = in.number(4);
    }
    return in.ok() && header.types > 0 && header.types <= 256;
}

bool is_zone_name(std::string_view name) {
    if (name.empty() || name.size() > 64 || name.front() == '/' || name.back() == '/') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        // No dot: neither "..", nor the database's own tables such as tzdata.zi.
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '+' ||
               c == '-' || c == '/';
    });
}

}  // namespace

/// The TZ rule of POSIX, e.g. "CET-1CEST,M3.5.0,M10.5.0/3", as RFC 8536 allows it.
class TimeZone::PosixParser {
  public:
    explicit PosixParser(std::string_view text) : text_(text) {}

    std::optional<Rule> parse() {
        Rule rule;
        if (!name() || !clock(rule.standard_s)) return std::nullopt;
        rule.standard_s = -rule.standard_s;  // POSIX counts westward
        if (!is_offset(rule.standard_s)) return std::nullopt;
        if (text_.empty()) return rule;
        rule.has_summer = true;
        if (!name()) return std::nullopt;
        rule.summer_s = rule.standard_s + 3600;
        if (!text_.empty() && text_[0] != ',') {
            if (!clock(rule.summer_s)) return std::nullopt;
            rule.summer_s = -rule.summer_s;
        }
        if (!is_offset(rule.summer_s)) return std::nullopt;
        if (!skip(',') || !year_day(rule.begin) || !skip(',') || !year_day(rule.end) || !text_.empty()) {
            return std::nullopt;
        }
        return rule;
    }

  private:
    bool skip(char c) {
        if (text_.empty() || text_[0] != c) return false;
        text_.remove_prefix(1);
        return true;
    }

    bool name() {
        const bool quoted = skip('<');
        std::size_t n = 0;
        while (n < text_.size() && (quoted ? text_[n] != '>' : std::isalpha(static_cast<unsigned char>(text_[n]))))
            ++n;
        text_.remove_prefix(n);
        return n > 0 && (!quoted || skip('>'));
    }

    bool number(int& out, int max) {
        std::size_t n = 0;
        out = 0;
        while (n < text_.size() && n < 4 && text_[n] >= '0' && text_[n] <= '9')
            out = out * 10 + (text_[n++] - '0');
        text_.remove_prefix(n);
        return n > 0 && out <= max;
    }

    /// The hour of a change may be as much as a week away (RFC 8536, 3.3.1); an offset may not.
    static bool is_offset(int seconds) { return seconds >= -kDay && seconds <= kDay; }

    /// [+-]hh[:mm[:ss]] in seconds.
    bool clock(int& out) {
        const bool minus = skip('-');
        if (!minus) skip('+');
        int hours = 0, minutes = 0, seconds = 0;
        if (!number(hours, 167)) return false;
        if (skip(':') && !number(minutes, 59)) return false;
        if (skip(':') && !number(seconds, 59)) return false;
        out = hours * 3600 + minutes * 60 + seconds;
        if (minus) out = -out;
        return true;
    }

    bool year_day(YearDay& out) {
        if (skip('M')) {
            out.kind = YearDay::Kind::month_week_day;
            if (!number(out.month, 12) || !skip('.') || !number(out.week, 5) || !skip('.') || !number(out.day, 6)) {
                return false;
            }
            if (out.month < 1 || out.week < 1) return false;
        } else {
            out.kind = skip('J') ? YearDay::Kind::julian : YearDay::Kind::zero_based;
            if (!number(out.day, 365)) return false;
        }
        return !skip('/') || clock(out.second);
    }

    std::string_view text_;
};

Result<TimeZone> TimeZone::parse(std::string name, std::string_view tzif) {
    TimeZone zone;
    Reader in(tzif);
    Header header{};
    if (!read_header(in, header)) return damaged(name);
    int time_size = 4;
    if (header.version >= 2) {  // the 32-bit block is there for old readers only
        in.take(header.data_bytes(4));
        if (!read_header(in, header)) return damaged(name);
        time_size = 8;
    }
    Reader times(in.take(header.times * static_cast<std::uint64_t>(time_size)));
    Reader indexes(in.take(header.times));
    std::vector<int> offsets;
    for (std::uint64_t i = 0; i < header.types; ++i) {
        offsets.push_back(static_cast<int>(in.seconds(4)));
        in.take(2);
        if (offsets.back() < -kDay || offsets.back() > kDay) return damaged(name);
    }
    in.take(header.name_bytes + header.leaps * static_cast<std::uint64_t>(time_size + 4) + header.std_flags +
            header.ut_flags);
    if (!in.ok()) return damaged(name);

    zone.first_offset_s_ = offsets[0];
    zone.changes_.reserve(header.times);
    for (std::uint64_t i = 0; i < header.times; ++i) {
        const UnixSeconds at = times.seconds(time_size);
        const std::uint64_t type = indexes.number(1);
        if (type >= offsets.size() || (i > 0 && at <= zone.changes_.back().at)) return damaged(name);
        zone.changes_.push_back({at, offsets[type]});
    }
    if (header.version >= 2) {
        std::string_view footer = in.rest();
        if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n') return damaged(name);
        footer = footer.substr(1, footer.size() - 2);
        if (!footer.empty()) {
            zone.rule_ = PosixParser(footer).parse();
            if (!zone.rule_) return damaged(name);
        }
    }
    zone.name_ = std::move(name);
    return zone;
}

int TimeZone::offset_s(UnixSeconds t) const {
    if (changes_.empty()) return rule_ ? offset_by_rule(t) : first_offset_s_;
    if (t >= changes_.back().at) return rule_ ? offset_by_rule(t) : changes_.back().offset_s;
    const auto after = std::upper_bound(changes_.begin(), changes_.end(), t,
                                        [](UnixSeconds instant, const Change& change) { return instant < change.at; });
    return after == changes_.begin() ? first_offset_s_ : std::prev(after)->offset_s;
}

std::int64_t TimeZone::local_second_of(const YearDay& when, int year) {
    const std::int64_t new_year = date_to_days(year, 1, 1);
    std::int64_t days = 0;
    switch (when.kind) {
        case YearDay::Kind::julian:  // 1..365, 29 February is never counted
            days = new_year + when.day - 1 + (is_valid_date(year, 2, 29) && when.day >= 60 ? 1 : 0);
            break;
        case YearDay::Kind::zero_based:
            days = new_year + when.day;
            break;
        case YearDay::Kind::month_week_day: {
            const std::int64_t first = date_to_days(year, when.month, 1);
            days = first + (when.day - day_of_week(first) + 7) % 7 + (when.week - 1) * 7;
            const std::int64_t next_month =
                when.month == 12 ? date_to_days(year + 1, 1, 1) : date_to_days(year, when.month + 1, 1);
            if (days >= next_month) days -= 7;  // week 5 means the last
            break;
        }
    }
    return days * kDay + when.second;
}

int TimeZone::offset_by_rule(UnixSeconds t) const {
    const Rule& rule = *rule_;
    if (!rule.has_summer) return rule.standard_s;
    t = std::clamp(t, UnixSeconds{-62'135'596'800}, UnixSeconds{253'402'300'799});  // years 1..9999
    const std::int64_t local = t + rule.standard_s;
    const std::int64_t days = local >= 0 ? local / kDay : -((-local + kDay - 1) / kDay);
    const int year = days_to_date(days).year;
    const UnixSeconds begin = local_second_of(rule.begin, year) - rule.standard_s;
    const UnixSeconds end = local_second_of(rule.end, year) - rule.summer_s;
    const bool summer = begin < end ? t >= begin && t < end : t >= begin || t < end;
    return summer ? rule.summer_s : rule.standard_s;
}

UnixSeconds TimeZone::from_local(std::int64_t local_s) const {
    const int before = offset_s(local_s - kDay);
    const int after = offset_s(local_s + kDay);
    if (before == after && offset_s(local_s - before) == before) return local_s - before;
    if (offset_s(local_s - before) == before) return local_s - before;
    if (offset_s(local_s - after) == after) return local_s - after;
    return local_s - before;
}

Result<std::shared_ptr<const TimeZone>> find_time_zone(std::string_view name) {
    // Only zones that exist are kept, so names from outside cannot grow this.
    static Mutex mutex;
    static std::map<std::string, std::shared_ptr<const TimeZone>, std::less<>> known;
    {
        const MutexLock lock(mutex);
        if (const auto found = known.find(name); found != known.end()) return found->second;
    }
    const auto unknown = [&] { return invalid("There is no time zone of that name."); };
    if (!is_zone_name(name)) return unknown();
    const auto bytes = read_file(kZoneFolder + std::string(name), kZoneFileBytesMax);
    if (!bytes) return name == "UTC" ? Result<std::shared_ptr<const TimeZone>>(utc_time_zone()) : unknown();
    STOA_TRY(TimeZone zone, TimeZone::parse(std::string(name), *bytes));
    auto shared = std::make_shared<const TimeZone>(std::move(zone));
    const MutexLock lock(mutex);
    return known.try_emplace(std::string(name), std::move(shared)).first->second;
}

std::shared_ptr<const TimeZone> utc_time_zone() {
    // A TZif file of version 1 with one type at offset 0, so that UTC needs no database.
    static const std::shared_ptr<const TimeZone> utc = [] {
        std::string file = "TZif";
        file.append(16 + 16, '\0');
        file.append("\0\0\0\1\0\0\0\4", 8);
        file.append(6, '\0').append("UTC\0", 4);
        return std::make_shared<const TimeZone>(TimeZone::parse("UTC", file).value());
    }();
    return utc;
}

}  // namespace stoa
