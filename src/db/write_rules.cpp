#include "db/write_rules.hpp"

#include "base/metrics.hpp"

namespace stoa::db {

Status check_request(const WriteRequest& request) {
    if (request.account < 0) return internal_error("A write names an impossible account.");
    if (request.key.size() > kRequestKeyBytesMax) return invalid("The request key is too long.");
    return {};
}

Error timed_out() {
    return {Errc::timeout, "The database was too busy to start in time: try again.", {}, {}, 1};
}

Error reused_key() {
    return {Errc::conflict, "This idempotency key was used for another request.", {}, "IDEMPOTENCY_KEY_REUSED"};
}

Error answer_too_long() {
    return {Errc::too_large, "The answer of a write is too long to be kept."};
}

void count_refused(Errc reason) {
    counter("stoa_db_writes_refused_total", "Writes that were not carried out, by reason.",
            {{"reason", std::string(to_string(reason))}})
        .add();
}

}  // namespace stoa::db
