#pragma once
// LIKE that ignores case beyond ASCII: Latin, Greek, Cyrillic. Replaces SQLite's own, which knows A to Z only.
// Pure functions and immutable values, any thread.

#include <string>
#include <string_view>
#include <vector>

struct sqlite3;

namespace stoa::db::sqlite {

/// Makes every LIKE on this connection ours.
void register_like(sqlite3* handle);

/// Writes text with every letter of those scripts in its small form. Bytes that are not UTF-8 stay as they are.
void fold_case(std::string_view text, std::string& folded);

/// A pattern taken apart, so that each row costs one pass. % any run, _ one character, `escape` (0 = none) before
/// either makes it plain.
class LikePattern {
  public:
    LikePattern(std::string_view pattern, char escape);
    char escape() const { return escape_; }
    bool matches(std::string_view text) const;

  private:
    /// What stands between two %: folded bytes, with kAnyOne for each _.
    struct Piece {
        std::string bytes;
        int characters = 0;
        bool plain = true;  ///< no kAnyOne inside
    };
    static const char* match_at(const Piece& piece, const char* at, const char* end);
    static const char* match_before(const Piece& piece, const char* begin, const char* end);
    static const char* find_after(const Piece& piece, const char* at, const char* end);

    std::vector<Piece> pieces_;  ///< at least one; the first stands at the beginning, the last at the end
    char escape_;
};

}  // namespace stoa::db::sqlite
