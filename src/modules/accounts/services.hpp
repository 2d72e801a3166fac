#pragma once
// What the parts of this module share for the life of the program.

#include "base/clock.hpp"
#include "db/database.hpp"
#include "model/records.hpp"
#include "modules/accounts/receipt.hpp"
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
    /// Runs fn in one write transaction of the account and keeps its answer in a receipt; a request that has one is not
    /// run again. Blocks: worker threads only. fn may be run more than once, so what it hands out must be set anew each
    /// time. The answer must hold no secret. Errors: those of fn; conflict when the id came with another request.
    Result<db::WriteOutcome> write(AccountId account, const Receipt& receipt, const db::WriteFn& fn) const;
    /// The same without a receipt: commands and housekeeping, never what a page was asked for.
    Status write(AccountId account, const std::function<Status(db::WriteTx&)>& fn) const;
};

}  // namespace stoa::accounts
