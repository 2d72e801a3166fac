#pragma once
// The permission table: what each role may do with each section, as one visible block. Immutable, any thread.

#include <array>
#include <string_view>

#include "access/policy.hpp"

namespace stoa::access {

struct Rule {
    std::string_view section;  ///< exact name, or a prefix that ends in '*'
    model::Role role;
    Reach read, add, update, remove;
};

/// The first line that fits counts; nothing fits = nothing allowed. Administrators are not listed: they may do all.
inline constexpr std::array kRules = {
    Rule{"crm.settings", model::Role::employee, Reach::all, Reach::none, Reach::none, Reach::none},
    Rule{"crm.*", model::Role::employee, Reach::all, Reach::all, Reach::all, Reach::own},
    Rule{"tasks.comment", model::Role::employee, Reach::all, Reach::all, Reach::own, Reach::own},
    Rule{"tasks.elapseditem", model::Role::employee, Reach::all, Reach::all, Reach::own, Reach::own},
    Rule{"tasks.*", model::Role::employee, Reach::department, Reach::all, Reach::department, Reach::own},
    Rule{"people", model::Role::employee, Reach::all, Reach::none, Reach::own, Reach::none},
    Rule{"departments", model::Role::employee, Reach::all, Reach::none, Reach::none, Reach::none},
    Rule{"settings", model::Role::employee, Reach::all, Reach::none, Reach::none, Reach::none},
    Rule{"timeman", model::Role::employee, Reach::department, Reach::own, Reach::own, Reach::none},
    Rule{"disk.storage", model::Role::employee, Reach::shared, Reach::none, Reach::none, Reach::none},
    Rule{"disk.object", model::Role::employee, Reach::all, Reach::all, Reach::all, Reach::own},
    Rule{"disk.storage", model::Role::extranet, Reach::own, Reach::none, Reach::none, Reach::none},
    Rule{"disk.object", model::Role::extranet, Reach::all, Reach::all, Reach::all, Reach::own},
    Rule{"personal", model::Role::employee, Reach::own, Reach::own, Reach::own, Reach::own},
    Rule{"log.post", model::Role::employee, Reach::own, Reach::all, Reach::own, Reach::own},
    Rule{"log.comment", model::Role::employee, Reach::all, Reach::all, Reach::own, Reach::own},
    Rule{"log.*", model::Role::employee, Reach::all, Reach::own, Reach::own, Reach::own},
    Rule{"tasks.comment", model::Role::extranet, Reach::all, Reach::all, Reach::own, Reach::own},
    Rule{"tasks.checklistitem", model::Role::extranet, Reach::all, Reach::none, Reach::all, Reach::none},
    Rule{"tasks.*", model::Role::extranet, Reach::own, Reach::none, Reach::own, Reach::none},
    Rule{"people", model::Role::extranet, Reach::own, Reach::none, Reach::own, Reach::none},
    Rule{"personal", model::Role::extranet, Reach::own, Reach::own, Reach::own, Reach::own},
    Rule{"log.post", model::Role::extranet, Reach::own, Reach::none, Reach::own, Reach::own},
    Rule{"log.comment", model::Role::extranet, Reach::all, Reach::all, Reach::own, Reach::own},
    Rule{"log.*", model::Role::extranet, Reach::all, Reach::own, Reach::own, Reach::own},
};

}  // namespace stoa::access
