#include "modules/accounts/revocations.hpp"

#include "modules/accounts/shared_identities.hpp"

namespace stoa::accounts {

Status Revocations::share(bus::Bus& bus, SharedIdentities* identities) {
    const auto bump_all = [this] {
        for (std::size_t i = 0; i < kSlots; ++i)
            bump(static_cast<AccountId>(i));
    };
    identities_ = identities;
    STOA_TRY(others_, bus::Invalidation::open(
                          bus, "credentials", [this](AccountId account) { bump(account); }, bump_all));
    return {};
}

void Revocations::revoke(AccountId account) {
    if (!others_ || identities_ == nullptr) {
        bump(account);
        if (others_) others_->tell(account);
        return;
    }
    identities_->revoke(account, [this, account] { others_->tell(account); });
    bump(account);  // now that nothing old is taken from the shared cache any more
}

}  // namespace stoa::accounts
