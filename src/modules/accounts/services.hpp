#pragma once
// What the parts of this module share for the life of the program.

#include "base/clock.hpp"
#include "db/database.hpp"
#include "model/records.hpp"
#include "modules/accounts/revocations.hpp"

namespace stoa::accounts {

struct Services {
    db::Database& database;
    const model::ModelServices& model;
    Revocations& revocations;

    UnixSeconds now() const { return model.clock.now(); }
    /// Records inside a transaction, on behalf of the actor.
    Result<model::Records> records(db::Tx& tx, const model::Actor& actor) const;
    Result<model::Records> records(db::WriteTx& tx, const model::Actor& actor) const;
    /// Runs fn in one write transaction of the account, without a receipt. Blocks: worker threads only. fn may be run
    /// again, so what it hands out must be set anew each time.
    Status write(AccountId account, const std::function<Status(db::WriteTx&)>& fn) const;
};

}  // namespace stoa::accounts
