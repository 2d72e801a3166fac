#pragma once
// A replication position as MariaDB writes it ("0-1-100"), kept as text for its SQL and compared by sequence numbers.
// Plain value, any thread.

#include <string>
#include <string_view>

#include "db/mariadb/gtid.hpp"

namespace stoa::cluster::database {

class Position {
  public:
    Position() = default;
    explicit Position(std::string_view text);

    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }
    /// Has everything that the other has.
    bool reached(const Position& other) const { return gtid_.reached(other.gtid_); }
    /// The further one; when neither has all of the other, this one.
    const Position& further(const Position& other) const { return other.reached(*this) ? other : *this; }
    /// The same transaction number of the same domain, but written by another server: the histories have parted.
    bool parted_from(const Position& other) const;
    bool operator==(const Position& other) const { return text_ == other.text_; }

  private:
    std::string text_;
    db::mariadb::GtidPosition gtid_;
};

}  // namespace stoa::cluster::database
