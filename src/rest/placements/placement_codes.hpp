#pragma once
// Where an application may put a widget. Pure functions, any thread.
// https://github.com/bitrix24/b24restdocs api-reference/widgets/placements.md

#include <string>
#include <string_view>
#include <vector>

#include "model/metadata.hpp"

namespace stoa::rest {

struct PlacementCode {
    std::string code;
    std::string scope;      ///< needed besides `placement`; "" = none
    bool single = false;    ///< one handler per application
    bool per_user = false;  ///< may be bound for one user
};

/// All codes, with those of the account's smart processes.
std::vector<PlacementCode> placement_codes(const model::Metadata& metadata);

}  // namespace stoa::rest
