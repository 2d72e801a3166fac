#include "bus/invalidation.hpp"

#include <charconv>

namespace stoa::bus {

Result<std::unique_ptr<Invalidation>> Invalidation::open(Bus& bus, const std::string& kind,
                                                         std::function<void(AccountId)> forget,
                                                         std::function<void()> forget_all) {
    std::unique_ptr<Invalidation> invalidation(new Invalidation(bus, "forget:" + kind));
    const auto on_message = [forget = std::move(forget), forget_all](std::string_view payload) {
        AccountId account = 0;
        const char* const end = payload.data() + payload.size();
        const auto read = std::from_chars(payload.data(), end, account);
        if (read.ec == std::errc{} && read.ptr == end) {
            forget(account);
        } else {  // of a later program: whatever it says, this covers it
            forget_all();
        }
    };
    STOA_TRY(invalidation->subscription_,
             bus.subscribe(invalidation->channel_, {on_message, forget_all, Hear::others}));
    return invalidation;
}

void Invalidation::tell(AccountId account) {
    bus_.publish(channel_, std::to_string(account));
}

}  // namespace stoa::bus
