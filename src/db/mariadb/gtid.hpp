#pragma once
// GTID positions of MariaDB: per replication domain the last transaction, "0-1-100,2-7-5" (domain-server-sequence).
// Plain values, any thread. https://mariadb.com/kb/en/gtid/

#include <cstdint>
#include <string_view>
#include <vector>

namespace stoa::db::mariadb {

class GtidPosition {
  public:
    /// What cannot be read counts as nothing.
    static GtidPosition parse(std::string_view text);

    bool empty() const { return domains_.empty(); }
    /// Whoever stands here has everything that the other has. Sequences count per domain over all its servers.
    bool reached(const GtidPosition& other) const;
    /// Takes the further one in each domain.
    void advance(const GtidPosition& other);
    std::uint64_t sequence(std::uint32_t domain) const;
    bool operator==(const GtidPosition&) const = default;

  private:
    struct Domain {
        std::uint32_t id = 0;
        std::uint64_t sequence = 0;
        bool operator==(const Domain&) const = default;
    };
    std::vector<Domain> domains_;  ///< by id
};

}  // namespace stoa::db::mariadb
