#pragma once
// PairHistory: two records that share a sum. Their owner moves amounts from one to the other, both in one write; so
// whoever reads both at once must find the same version in both and the whole sum, at any moment.
// Pure; one thread at a time (PairBoard shares it).

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "app/probe/verdict.hpp"
#include "app/probe/versions.hpp"
#include "base/ids.hpp"

namespace stoa::app::probe {

/// One of the two, as it is stored; amounts are in hundredths.
struct StoredSide {
    RecordId id = 0;
    std::string title;
    std::string version;
    std::int64_t amount = 0;
};

class PairHistory {
  public:
    struct Move {
        std::int64_t version = 0;
        std::int64_t left = 0, right = 0;  ///< what they hold after it, in hundredths
    };

    PairHistory(std::string title, std::int64_t sum) : title_(std::move(title)), sum_(sum) {}

    /// What to send: first what they are made with, then transfers. Not while a transfer is in doubt.
    Move next();
    void opened(RecordId left, RecordId right);
    void moved() { versions_.acknowledged(); }

    std::string left_title() const { return title_ + " left"; }  ///< unique, as is the other
    std::string right_title() const { return title_ + " right"; }
    const std::string& title() const { return title_; }
    RecordId left() const { return left_; }  ///< 0: their creation was never acknowledged
    RecordId right() const { return right_; }
    const Versions& versions() const { return versions_; }
    std::int64_t acknowledged() const {
        return versions_.last_acknowledged() > 1 ? versions_.last_acknowledged() - 1 : 0;
    }

    /// Both, read in one statement, when `least` was acknowledged before: empty when it may be so, else why not.
    std::string complaint_about(const StoredSide& left, const StoredSide& right, std::int64_t least) const;
    /// The same for the owner: what it saw once must not go back.
    std::string read(const StoredSide& left, const StoredSide& right);
    /// For the owner, of one of the two.
    std::string read_one(const StoredSide& side);

  private:
    bool add_up(const StoredSide& left, const StoredSide& right) const { return left.amount + right.amount == sum_; }
    std::string complaint_about_both(const StoredSide& left, const StoredSide& right) const;
    std::string complaint_about_amount(const StoredSide& side) const;
    std::int64_t amount_of_left(std::int64_t version) const;
    friend void compare(const std::vector<PairHistory>&, const std::vector<StoredSide>&, Verdict&);

    std::string title_;
    std::int64_t sum_;  ///< in hundredths
    RecordId left_ = 0, right_ = 0;
    Versions versions_;
};

/// The sums are whole, and each pair is as the last acknowledged transfer left it, or one that was tried after it.
void compare(const std::vector<PairHistory>& promised, const std::vector<StoredSide>& stored, Verdict& verdict);

}  // namespace stoa::app::probe
