#pragma once
// Exchange: one REST request on its way from the wire to its answer. Owned by one thread at a time: the I/O thread,
// then a worker or the committing thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "json/value.hpp"
#include "net/server.hpp"
#include "rest/batch.hpp"
#include "rest/route.hpp"

namespace stoa::rest {

struct Exchange {
    explicit Exchange(net::Responder to) : responder(std::move(to)) {}

    net::Responder responder;
    api::Wire wire = api::Wire::v2;
    Format format = Format::json;
    bool cross_origin = false;     ///< a browser asks from another site (applications do)
    std::string request_id;        ///< shown as X-Request-Id
    std::string idempotency_key;   ///< as the client sent it, echoed
    std::string receipt_key;       ///< writes only
    std::string digest;            ///< writes only
    std::int64_t start_us = 0;     ///< wall clock
    std::int64_t received_us = 0;  ///< monotonic

    std::shared_ptr<const api::Identity> identity;
    const MethodEntry* entry = nullptr;
    json::Value parameters = json::Object();
    std::unique_ptr<Batch> batch;

    std::vector<model::StoredContent> uploads{};  ///< files of the request, in the store by now

    // What running it leaves for the answer.
    bool ran = false;  ///< false after a write: the receipt answered
    CallResult result;
    std::shared_ptr<const model::Metadata> metadata;
};

/// Sends `prefix` (the envelope without time and closing brace; or a bare answer) as 200.
void answer(Exchange& exchange, std::string prefix, const Clock& clock, bool replayed = false);
void answer_error(Exchange& exchange, const Error& error, const Clock& clock);
/// 204 to a browser that asks whether a page of another site may call.
void answer_preflight(Exchange& exchange);

}  // namespace stoa::rest
