// The only file that knows Boost.JSON. Its SAX parser feeds our Values directly: no second tree.

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/utf8.hpp"
#include "json/events.hpp"
#include "json/parse.hpp"
#include "json/parse_limits.hpp"

namespace stoa::json {
namespace {

namespace bj = boost::json;

constexpr std::size_t kUsualValues = 16;  ///< that wait for the end of their array or object

/// Drops all but the last of equal keys and keeps the place of the first. Sorting, not hashing: keys are hostile.
Object make_object(std::vector<std::string>& keys, std::vector<Value>& values, std::size_t count) {
    const std::size_t key0 = keys.size() - count;
    const std::size_t value0 = values.size() - count;
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const int by_key = keys[key0 + a].compare(keys[key0 + b]);
        return by_key != 0 ? by_key < 0 : a < b;
    });
    std::vector<bool> dropped(count);
    for (std::size_t i = 0; i < count;) {
        std::size_t j = i + 1;
        while (j < count && keys[key0 + order[j]] == keys[key0 + order[i]])
            dropped[order[j++]] = true;
        if (j > i + 1) values[value0 + order[i]] = std::move(values[value0 + order[j - 1]]);
        i = j;
    }
    Object object;
    for (std::size_t i = 0; i < count; ++i) {
        if (!dropped[i]) object.append_unchecked(std::move(keys[key0 + i]), std::move(values[value0 + i]));
    }
    return object;
}

bool has_repeats(const std::vector<std::string>& keys, std::size_t count) {
    for (std::size_t i = keys.size() - count; i < keys.size(); ++i) {
        for (std::size_t j = i + 1; j < keys.size(); ++j) {
            if (keys[i] == keys[j]) return true;
        }
    }
    return false;
}

/// Builds the tree: finished values wait on a stack until their array or object ends.
struct TreeSink {
    std::vector<Value> values;
    std::vector<std::string> keys;

    void on_begin_object() {}
    void on_begin_array() {}
    void on_end_object(std::size_t n) {
        constexpr std::size_t kFewMembers = 16;
        Object object;
        if (n > kFewMembers || has_repeats(keys, n)) {
            object = make_object(keys, values, n);
        } else {
            object.reserve(n);
            for (std::size_t i = 0; i < n; ++i) {
                object.append_unchecked(std::move(keys[keys.size() - n + i]), std::move(values[values.size() - n + i]));
            }
        }
        keys.resize(keys.size() - n);
        values.resize(values.size() - n);
        values.emplace_back(std::move(object));
    }
    void on_end_array(std::size_t n) {
        const auto first = values.end() - static_cast<std::ptrdiff_t>(n);
        Array array(std::make_move_iterator(first), std::make_move_iterator(values.end()));
        values.resize(values.size() - n);
        values.emplace_back(std::move(array));
    }
    void on_key(std::string_view name) { keys.emplace_back(name); }
    void on_text(std::string_view text) { values.emplace_back(std::string(text)); }
    void on_integer(std::int64_t number) { values.emplace_back(number); }
    void on_real(double number) { values.emplace_back(number); }
    void on_boolean(bool truth) { values.emplace_back(truth); }
    void on_null() { values.emplace_back(nullptr); }
};

/// Passes everything on.
struct EventSink {
    Events& events;

    void on_begin_object() { events.on_begin_object(); }
    void on_begin_array() { events.on_begin_array(); }
    void on_end_object(std::size_t) { events.on_end_object(); }
    void on_end_array(std::size_t) { events.on_end_array(); }
    void on_key(std::string_view name) { events.on_key(name); }
    void on_text(std::string_view text) { events.on_text(text); }
    void on_integer(std::int64_t number) { events.on_integer(number); }
    void on_real(double number) { events.on_real(number); }
    void on_boolean(bool truth) { events.on_boolean(truth); }
    void on_null() { events.on_null(); }
};

/// Puts pieces together and keeps the limits.
template <class Sink>
struct Handler {
    // basic_parser counts per object or array; our limit counts all together.
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    Handler(Sink to, std::size_t most) : sink(std::move(to)), values_max(most) {}  // clang 14 needs it written out

    Sink sink;
    std::size_t values_max;
    std::size_t seen = 0;
    bool too_many = false;
    bool nul = false;
    bool bad_number = false;
    std::string part{};  ///< of the string, key or number being read

    /// Arrays and objects count when they begin, so that a document cannot run far over the limit before it is noticed.
    /// The root is neither a member nor an element.
    bool count(bj::error_code& ec) {
        if (seen++ <= values_max) return true;
        too_many = true;
        ec = bj::error::array_too_large;
        return false;
    }

    template <class Take>
    bool take_text(std::string_view s, bj::error_code& ec, const Take& take) {
        if (!part.empty()) s = part.append(s);
        if (has_nul(s)) {
            nul = true;
            ec = bj::error::syntax;
            return false;
        }
        take(s);
        part.clear();
        return true;
    }

    bool take_real(double approximate, std::string_view s, bj::error_code& ec) {
        // Boost 1.81 rounds the last digit wrongly, so the text is read again.
        part.append(s);
        double v = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), v);
        // Out of range leaves v at 0, which is right for 1e-400 and wrong for 1e400.
        const bool tiny = error == std::errc::result_out_of_range && std::fabs(approximate) < 1;
        if ((error != std::errc{} && !tiny) || end != part.data() + part.size()) {
            bad_number = true;
            ec = bj::error::exponent_overflow;
            return false;
        }
        part.clear();
        if (!count(ec)) return false;
        sink.on_real(v);
        return true;
    }

    bool on_document_begin(bj::error_code&) { return true; }
    bool on_document_end(bj::error_code&) { return true; }
    bool on_object_begin(bj::error_code& ec) { return count(ec) && (sink.on_begin_object(), true); }
    bool on_array_begin(bj::error_code& ec) { return count(ec) && (sink.on_begin_array(), true); }
    bool on_object_end(std::size_t n, bj::error_code&) { return sink.on_end_object(n), true; }
    bool on_array_end(std::size_t n, bj::error_code&) { return sink.on_end_array(n), true; }

    bool on_key_part(bj::string_view s, std::size_t, bj::error_code&) { return part.append(s), true; }
    bool on_key(bj::string_view s, std::size_t, bj::error_code& ec) {
        return take_text(s, ec, [&](std::string_view name) { sink.on_key(name); });
    }
    bool on_string_part(bj::string_view s, std::size_t, bj::error_code&) { return part.append(s), true; }
    bool on_string(bj::string_view s, std::size_t, bj::error_code& ec) {
        return count(ec) && take_text(s, ec, [&](std::string_view text) { sink.on_text(text); });
    }
    bool on_number_part(bj::string_view s, bj::error_code&) { return part.append(s), true; }
    bool on_int64(std::int64_t v, bj::string_view, bj::error_code& ec) {
        part.clear();
        return count(ec) && (sink.on_integer(v), true);
    }
    bool on_uint64(std::uint64_t v, bj::string_view s, bj::error_code& ec) {
        return take_real(static_cast<double>(v), s, ec);
    }
    bool on_double(double v, bj::string_view s, bj::error_code& ec) { return take_real(v, s, ec); }
    bool on_bool(bool v, bj::error_code& ec) { return count(ec) && (sink.on_boolean(v), true); }
    bool on_null(bj::error_code& ec) { return count(ec) && (sink.on_null(), true); }
    bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
    bool on_comment(bj::string_view, bj::error_code&) { return true; }
};

template <class Sink>
Error error_of(const bj::error_code& ec, const Handler<Sink>& handler, std::size_t at) {
    const auto where = " at byte " + std::to_string(at) + ".";
    if (handler.too_many) {
        return {Errc::too_large, "The JSON has more than " + std::to_string(handler.values_max) + " values."};
    }
    if (ec == bj::error::too_deep) return {Errc::too_large, "The JSON is nested too deeply."};
    if (handler.nul) return invalid("The JSON holds a NUL character" + where);
    if (handler.bad_number) return invalid("The JSON holds a number out of range" + where);
    return invalid("The JSON is malformed" + where);
}

template <class Sink>
Status read_into(bj::basic_parser<Handler<Sink>>& parser, std::string_view text) {
    bj::error_code ec;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && used < text.size()) ec = bj::error::extra_data;
    if (ec) return error_of(ec, parser.handler(), used);
    return {};
}

bj::parse_options options_of(const ParseLimits& within) {
    bj::parse_options options;
    options.max_depth = static_cast<std::size_t>(within.depth_max);
    return options;
}

}  // namespace

Result<Value> parse_within(std::string_view text, const ParseLimits& within) {
    bj::basic_parser<Handler<TreeSink>> parser(options_of(within), TreeSink{}, within.values_max);
    TreeSink& tree = parser.handler().sink;
    tree.values.reserve(kUsualValues);
    tree.keys.reserve(kUsualValues);
    STOA_CHECK(read_into(parser, text));
    return std::move(tree.values.back());
}

Result<Value> parse(std::string_view text) {
    return parse_within(text, {});
}

Status read_events(std::string_view text, Events& events) {
    const ParseLimits within;
    bj::basic_parser<Handler<EventSink>> parser(options_of(within), EventSink{events}, within.values_max);
    return read_into(parser, text);
}

void tell(const Value& value, Events& events) {
    using Kind = Value::Kind;
    switch (value.kind()) {
        case Kind::null:
            return events.on_null();
        case Kind::boolean:
            return events.on_boolean(value.boolean());
        case Kind::integer:
            return events.on_integer(value.integer());
        case Kind::real:
            return events.on_real(value.real());
        case Kind::string:
            return events.on_text(value.string());
        case Kind::array:
            events.on_begin_array();
            for (const Value& item : value.array())
                tell(item, events);
            return events.on_end_array();
        case Kind::object:
            events.on_begin_object();
            for (const auto& [name, member] : value.object()) {
                events.on_key(name);
                tell(member, events);
            }
            return events.on_end_object();
    }
}

}  // namespace stoa::json
