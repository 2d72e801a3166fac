#include "modules/accounts/services.hpp"

namespace stoa::accounts {

Result<model::Records> Services::records(db::Tx& tx, const model::Actor& actor) const {
    STOA_TRY(auto metadata, model.metadata.load(tx));
    return model::Records(model, tx, actor, std::move(metadata));
}

Result<model::Records> Services::records(db::WriteTx& tx, const model::Actor& actor) const {
    STOA_TRY(auto metadata, model.metadata.fresh(tx));
    return model::Records(model, tx, actor, std::move(metadata));
}

Result<db::WriteOutcome> Services::write(AccountId account, const Receipt& receipt, const db::WriteFn& fn) const {
    db::WriteRequest request;
    request.account = account;
    request.key = receipt.key;
    request.digest = receipt.digest;
    auto outcome = database.write_and_wait(std::move(request), fn);
    // Whoever ran it may have died before telling that credentials changed.
    if (outcome && outcome->replayed) revocations.revoke(account);
    return outcome;
}

Status Services::write(AccountId account, const std::function<Status(db::WriteTx&)>& fn) const {
    auto outcome = write(account, Receipt{}, [&fn](db::WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(fn(tx));
        return std::string();
    });
    if (!outcome) return std::move(outcome).error();
    return {};
}

}  // namespace stoa::accounts
