#pragma once
// The method tables as the wire needs them on its hot path: found in any case without allocating, scopes split, each
// with a number for the operating meter. Built once from a filled MethodTable; immutable afterwards, any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/method.hpp"

namespace stoa::rest {

struct MethodEntry {
    const api::Method* method = nullptr;
    std::vector<std::string> scopes;  ///< any of them is enough; empty = no scope needed
    std::uint32_t number = 0;
    /// What the wire does itself: batch runs other methods, bare answers have no envelope.
    enum class Kind : std::uint8_t { plain, batch, bare } kind = Kind::plain;
};

class MethodIndex {
  public:
    /// The table must outlive the index and not change any more.
    explicit MethodIndex(const api::MethodTable& table);

    const MethodEntry* find(api::Wire wire, std::string_view name) const;

  private:
    struct AnyCaseHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const;
    };
    struct AnyCaseEqual {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const;
    };
    using Map = std::unordered_map<std::string_view, MethodEntry, AnyCaseHash, AnyCaseEqual>;

    Map by_name_[2];
};

/// "crm|tasks" → {"crm","tasks"}; "" → {}.
std::vector<std::string> split_scopes(std::string_view scope);
/// Whether the caller was granted one of them (always when none is needed).
bool scope_granted(const api::Identity& identity, const std::vector<std::string>& scopes);

}  // namespace stoa::rest
