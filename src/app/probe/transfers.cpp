#include "app/probe/transfers.hpp"

#include <algorithm>

namespace stoa::app::probe {
namespace {

struct Found {
    const StoredSide* side = nullptr;
    std::ptrdiff_t copies = 0;
};

/// Without an acknowledged id any one of that name is the record.
Found find_side(const std::vector<StoredSide>& stored, const std::string& title, RecordId id) {
    Found found;
    for (const StoredSide& side : stored) {
        if (side.title != title) continue;
        ++found.copies;
        if (id == 0 || side.id == id) found.side = &side;
    }
    return found;
}

}  // namespace

PairHistory::Move PairHistory::next() {
    const std::int64_t version = versions_.next();
    const std::int64_t left = amount_of_left(version);
    return {version, left, sum_ - left};
}

void PairHistory::opened(RecordId left, RecordId right) {
    left_ = left;
    right_ = right;
    versions_.acknowledged();
}

std::string PairHistory::complaint_about(const StoredSide& left, const StoredSide& right, std::int64_t least) const {
    if (std::string complaint = complaint_about_both(left, right); !complaint.empty()) return complaint;
    return probe::complaint_about(version_in(left.version), least, versions_.last_tried());
}

std::string PairHistory::read(const StoredSide& left, const StoredSide& right) {
    if (std::string complaint = complaint_about_both(left, right); !complaint.empty()) return complaint;
    return versions_.read(version_in(left.version));
}

std::string PairHistory::read_one(const StoredSide& side) {
    if (std::string complaint = complaint_about_amount(side); !complaint.empty()) return complaint;
    return versions_.read(version_in(side.version));
}

std::string PairHistory::complaint_about_both(const StoredSide& left, const StoredSide& right) const {
    if (!add_up(left, right)) {
        return "the sum is " + std::to_string(left.amount) + " + " + std::to_string(right.amount) + " instead of " +
               std::to_string(sum_) + " (versions '" + left.version + "' and '" + right.version + "')";
    }
    if (left.version != right.version)
        return "half a transfer: versions '" + left.version + "', '" + right.version + "'";
    return complaint_about_amount(left);
}

std::string PairHistory::complaint_about_amount(const StoredSide& side) const {
    const std::int64_t version = version_in(side.version);
    const std::int64_t left = amount_of_left(version);
    const std::int64_t amount = side.id == left_ ? left : sum_ - left;
    if (version == 0 || side.amount == amount) return {};  // a version that never was is told as such
    return "it holds " + std::to_string(side.amount) + ", version " + side.version + " is " + std::to_string(amount);
}

/// Any amounts will do that differ from one version to the next; these can be computed again.
std::int64_t PairHistory::amount_of_left(std::int64_t version) const {
    constexpr std::int64_t kStep = 7'919;
    return version * kStep % (sum_ + 1);
}

void compare(const std::vector<PairHistory>& promised, const std::vector<StoredSide>& stored, Verdict& verdict) {
    for (const PairHistory& pair : promised) {
        const Found left = find_side(stored, pair.left_title(), pair.left());
        const Found right = find_side(stored, pair.right_title(), pair.right());
        if (left.copies > 1 || right.copies > 1) {
            verdict.repeat(pair.title() + " is there " + std::to_string(std::max(left.copies, right.copies)) +
                           " times");
        }
        if (!left.side || !right.side) {
            const bool never_made = pair.left() == 0 && !left.side && !right.side;
            if (!never_made) verdict.lose(pair.title() + ": one of the two is not there, or both");
            continue;
        }
        // A pair without an acknowledged id is known by its names only.
        PairHistory known = pair;
        known.left_ = left.side->id;
        known.right_ = right.side->id;
        const std::int64_t least = pair.versions().last_acknowledged();
        const std::string complaint = known.complaint_about(*left.side, *right.side, least);
        if (complaint.empty()) continue;
        const Age age = age_of(version_in(left.side->version), least, pair.versions().last_tried());
        if (!pair.add_up(*left.side, *right.side)) {
            ++verdict.broken_sums;
        } else if (age == Age::older) {
            ++verdict.older;
        } else {
            ++verdict.never_written;
        }
        verdict.lose(pair.title() + " (ids " + std::to_string(left.side->id) + ", " + std::to_string(right.side->id) +
                     "): " + complaint);
    }
}

}  // namespace stoa::app::probe
