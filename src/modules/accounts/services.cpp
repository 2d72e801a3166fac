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

Status Services::write(AccountId account, const std::function<Status(db::WriteTx&)>& fn) const {
    db::WriteRequest request;
    request.account = account;
    auto outcome = database.write_and_wait(std::move(request), [&fn](db::WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(fn(tx));
        return std::string();
    });
    if (!outcome) return std::move(outcome).error();
    return {};
}

}  // namespace stoa::accounts
