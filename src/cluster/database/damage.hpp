#pragma once
// Whether the data of a MariaDB server are damaged, from its own error log: a page whose checksum is wrong is found
// only when it is read, and the server that finds it goes on with everything else. One thread.

#include <cstdint>
#include <string>
#include <string_view>

namespace stoa::cluster::database {

/// A line of MariaDB's error log that says so.
bool tells_of_damage(std::string_view line);
/// An error number of a statement or an applier that says so.
/// https://mariadb.com/kb/en/mariadb-error-code-reference/
bool is_damage(int error);

/// Follows a log from where it ends when this begins. The file may be cut, renamed and begun anew.
class DamageLog {
  public:
    /// Empty path: nothing is ever found.
    explicit DamageLog(std::string path);
    /// Reads on, at most 256 KB. True when that told of damage; line() is the first line that did.
    bool look();
    const std::string& line() const { return line_; }

  private:
    const std::string path_;
    std::int64_t at_ = 0;     ///< read up to there
    std::uint64_t file_ = 0;  ///< its inode
    std::string rest_;        ///< a line whose end has not come yet
    std::string line_;
};

}  // namespace stoa::cluster::database
