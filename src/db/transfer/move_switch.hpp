#pragma once
// The switch of a move: the moment in which an account changes its home. Private to move.cpp; one thread, blocks.

#include "db/homes/home_table.hpp"
#include "db/shared_words.hpp"
#include "db/transfer/verify.hpp"

namespace stoa::db::transfer {

struct SwitchPlan {
    Copy& copy;
    SharedWords& words;
    const TransferRow& row;
    const Catalogue& source_catalogue;
    int pause_ms_max = 0;
    Thoroughness thoroughness = Thoroughness::all_rows;
};

struct SwitchOutcome {
    Status status;              ///< timeout: the writers were let go, nothing was changed, try again
    std::int64_t pause_us = 0;  ///< for which writers were held
};

/// How much can be compared in the pause, by how long it took before.
Thoroughness choose_thoroughness(const OnlineCheck& check, int pause_ms_max);

SwitchOutcome try_switch(const SwitchPlan& plan);

/// How many triggers a complete capture has.
std::int64_t triggers_for(const Catalogue& catalogue, Scope scope);

void system_sleep_ms(int ms);

}  // namespace stoa::db::transfer
