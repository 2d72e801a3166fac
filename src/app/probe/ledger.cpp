#include "app/probe/ledger.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace stoa::app::probe {
namespace {

constexpr std::size_t kDetailsMax = 10;

}  // namespace

std::size_t Ledger::creating(std::string title, std::string value) {
    entries_.push_back({std::move(title), 0, {}, std::move(value)});
    return entries_.size() - 1;
}

void Ledger::created(std::size_t entry, RecordId id) {
    entries_[entry].id = id;
    updated(entry);
}

void Ledger::updating(std::size_t entry, std::string value) {
    entries_[entry].tried = std::move(value);
}

void Ledger::updated(std::size_t entry) {
    entries_[entry].value = std::exchange(entries_[entry].tried, {});
}

std::size_t Ledger::acknowledged() const {
    return static_cast<std::size_t>(
        std::count_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.id > 0; }));
}

Verdict compare(const std::vector<Ledger::Entry>& promised, const std::vector<StoredRecord>& stored) {
    std::unordered_multimap<std::string, const StoredRecord*> by_title;
    for (const StoredRecord& record : stored)
        by_title.emplace(record.title, &record);
    Verdict verdict;
    const auto complain = [&](int& count, const std::string& what) {
        ++count;
        if (verdict.details.size() < kDetailsMax) verdict.details.push_back(what);
    };
    for (const Ledger::Entry& entry : promised) {
        const auto [first, last] = by_title.equal_range(entry.title);
        const auto copies = std::distance(first, last);
        if (copies > 1) complain(verdict.doubled, entry.title + " is there " + std::to_string(copies) + " times");
        if (entry.id == 0) continue;
        const auto same = std::find_if(first, last, [&](const auto& found) { return found.second->id == entry.id; });
        if (same == last) {
            complain(verdict.lost, entry.title + " (id " + std::to_string(entry.id) + ") is not there");
            continue;
        }
        const std::string& value = same->second->value;
        if (value != entry.value && (entry.tried.empty() || value != entry.tried)) {
            complain(verdict.lost, entry.title + " (id " + std::to_string(entry.id) + ") holds '" + value +
                                       "', acknowledged was '" + entry.value + "'");
        }
    }
    return verdict;
}

}  // namespace stoa::app::probe
