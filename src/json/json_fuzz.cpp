// Any text: no crash, and what is read, written and read again is the same.
#include <cstdlib>

#include "json/events.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "json/xml.hpp"

namespace {

using stoa::json::Value;

/// Equal, except that a whole real such as 1.0 is written as 1 and comes back as an integer.
bool same(const Value& a, const Value& b) {
    if (a.is_array() && b.is_array()) {
        if (a.array().size() != b.array().size()) return false;
        for (std::size_t i = 0; i < a.array().size(); ++i) {
            if (!same(a.array()[i], b.array()[i])) return false;
        }
        return true;
    }
    if (a.is_object() && b.is_object()) {
        if (a.object().size() != b.object().size()) return false;
        for (auto i = a.object().begin(), j = b.object().begin(); i != a.object().end(); ++i, ++j) {
            if (i->first != j->first || !same(i->second, j->second)) return false;
        }
        return true;
    }
    if (a.is_real() && b.is_integer()) return a.real() == static_cast<double>(b.integer());
    return a == b;
}

/// Both ways of reading agree on what is JSON.
struct Counting final : stoa::json::Events {
    int open = 0;
    void on_begin_object() override { ++open; }
    void on_end_object() override { --open; }
    void on_begin_array() override { ++open; }
    void on_end_array() override { --open; }
    void on_key(std::string_view) override {}
    void on_text(std::string_view) override {}
    void on_integer(std::int64_t) override {}
    void on_real(double) override {}
    void on_boolean(bool) override {}
    void on_null() override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto value = stoa::json::parse(input);
    Counting counting;
    const stoa::Status read = stoa::json::read_events(input, counting);
    if (read.ok() != value.ok() || (read.ok() && counting.open != 0)) std::abort();
    if (!value) return 0;
    const std::string text = stoa::json::to_json(*value);
    const auto again = stoa::json::parse(text);
    if (!again || !same(*value, *again)) std::abort();
    if (stoa::json::to_json(*again) != text) std::abort();
    if (stoa::json::to_xml(text).empty()) std::abort();
    return 0;
}
