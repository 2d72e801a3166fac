#pragma once
// Runs one method inside a transaction that is open already: for a request of its own and for a command of a batch.
// On the transaction's thread; it may be run again when the store retries.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/call.hpp"
#include "rest/method_index.hpp"
#include "rest/operating_meter.hpp"

namespace stoa::rest {

/// What is the same for every method of one request.
struct CallEnvironment {
    const api::Services& services;
    const api::Identity& identity;
    OperatingMeter& operating;
    std::string_view request_id;  ///< for the log line of an internal error
    std::span<const model::StoredContent> uploads{};
};

struct CallResult {
    std::optional<std::int64_t> total{};
    std::optional<std::int64_t> next{};
    std::int64_t processing_us = 0;
    std::int64_t operating_us = 0;
};

/// Appends the JSON value of `result` to out. After an error out is as it was. An exception of a handler is a broken
/// program: it becomes Errc::internal here, so that it can end neither the writer nor an I/O thread.
Status run_method(const CallEnvironment& environment, const MethodEntry& entry, model::Records& records,
                  const json::Value& parameters, std::string& out, CallResult& result);

/// Errors: OPERATION_TIME_LIMIT.
Status check_operating(const CallEnvironment& environment, const MethodEntry& entry);

}  // namespace stoa::rest
