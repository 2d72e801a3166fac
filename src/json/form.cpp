#include <algorithm>
#include <numeric>

#include "json/form_tree.hpp"
#include "json/parse.hpp"
#include "json/url.hpp"

namespace stoa::json {
namespace {

/// Finds members by key; sorted, because two objects from outside may have thousands each.
class KeyIndex {
  public:
    explicit KeyIndex(const Object& object) {
        entries_.reserve(object.size());
        for (const auto& [key, value] : object)
            entries_.emplace_back(key, entries_.size());
        std::sort(entries_.begin(), entries_.end());
    }
    const std::size_t* find(std::string_view key) const {
        const auto at = std::lower_bound(entries_.begin(), entries_.end(), key,
                                         [](const Entry& entry, std::string_view k) { return entry.first < k; });
        return at != entries_.end() && at->first == key ? &at->second : nullptr;
    }

  private:
    using Entry = std::pair<std::string_view, std::size_t>;
    std::vector<Entry> entries_;
};

}  // namespace

Result<Value> parse_form(std::string_view text) {
    FormTree tree;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
        STOA_CHECK(tree.add(url_decode(pair.substr(0, equals)), url_decode(value)));
    }
    return tree.finish();
}

void merge(Value& into, Value from) {
    if (!from.is_object()) return;
    if (!into.is_object()) {
        into = std::move(from);
        return;
    }
    Object& target = into.object();
    std::vector<std::ptrdiff_t> places;  // of each of from's members, -1 = new
    places.reserve(from.object().size());
    {
        const KeyIndex index(target);
        for (const auto& [key, value] : from.object()) {
            const std::size_t* at = index.find(key);
            places.push_back(at ? static_cast<std::ptrdiff_t>(*at) : -1);
        }
    }
    auto place = places.begin();
    for (auto& [key, value] : from.object()) {
        if (*place >= 0) {
            (target.begin() + *place)->second = std::move(value);
        } else {
            target.append_unchecked(std::move(key), std::move(value));
        }
        ++place;
    }
}

}  // namespace stoa::json
