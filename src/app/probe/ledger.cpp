#include "app/probe/ledger.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace stoa::app::probe {
namespace {

void compare_value(const Ledger::Entry& entry, const StoredRecord& stored, Verdict& verdict) {
    const std::int64_t version = version_in(stored.value);
    const std::int64_t least = entry.versions.last_acknowledged();
    const std::int64_t newest = entry.versions.last_tried();
    const Age age = age_of(version, least, newest);
    if (age == Age::right) return;
    ++(age == Age::older ? verdict.older : verdict.never_written);
    verdict.lose(entry.title + " (id " + std::to_string(stored.id) + ") holds '" + stored.value +
                 "': " + complaint_about(version, least, newest));
}

}  // namespace

std::size_t Ledger::creating(std::string title) {
    Entry& entry = entries_.emplace_back();
    entry.title = std::move(title);
    entry.versions.next();
    return entries_.size() - 1;
}

void Ledger::created(std::size_t entry, RecordId id) {
    entries_[entry].id = id;
    updated(entry);
}

std::int64_t Ledger::updating(std::size_t entry) {
    return entries_[entry].versions.next();
}

void Ledger::updated(std::size_t entry) {
    entries_[entry].versions.acknowledged();
}

std::string Ledger::read(std::size_t entry, std::string_view value) {
    std::string complaint = entries_[entry].versions.read(version_in(value));
    if (!complaint.empty()) complaint = "it holds '" + std::string(value) + "': " + complaint;
    return complaint;
}

std::size_t Ledger::acknowledged() const {
    return static_cast<std::size_t>(
        std::count_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.id > 0; }));
}

void compare(const std::vector<Ledger::Entry>& promised, const std::vector<StoredRecord>& stored, Verdict& verdict) {
    std::unordered_multimap<std::string, const StoredRecord*> by_title;
    for (const StoredRecord& record : stored)
        by_title.emplace(record.title, &record);
    for (const Ledger::Entry& entry : promised) {
        const auto [first, last] = by_title.equal_range(entry.title);
        const auto copies = std::distance(first, last);
        if (copies > 1) verdict.repeat(entry.title + " is there " + std::to_string(copies) + " times");
        // Without an acknowledged id any one of that name is the record.
        const auto same =
            std::find_if(first, last, [&](const auto& found) { return entry.id == 0 || found.second->id == entry.id; });
        if (same != last) {
            compare_value(entry, *same->second, verdict);
        } else if (entry.id > 0) {
            verdict.lose(entry.title + " (id " + std::to_string(entry.id) + ") is not there");
        }
    }
}

}  // namespace stoa::app::probe
