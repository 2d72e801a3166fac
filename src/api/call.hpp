#pragma once
// Call: one method call as a handler sees it. Lives on the thread that runs the handler.
// A handler writes the value of "result" to call.out and returns; on an error what it wrote is thrown away.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/identity.hpp"
#include "api/params.hpp"
#include "base/result.hpp"
#include "json/writer.hpp"
#include "model/records.hpp"
#include "model/stored_files.hpp"

namespace stoa::api {

class MethodTable;
class PushChannels;

/// What lives as long as the program and any method may need.
struct Services {
    const model::ModelServices& model;
    const MethodTable& methods;
    std::string version;
    const PushChannels* push = nullptr;  ///< null: this program has no push server
};

struct Call {
    const Services& services;
    const Identity& identity;  ///< who calls, through what
    model::Records& records;   ///< bound to the transaction and the actor
    Params params;
    json::Writer out;
    std::optional<std::int64_t> total{};  ///< list extras of the v2 envelope
    std::optional<std::int64_t> next{};

    /// Files that came with the call and are in the store by now. See file_input.hpp.
    std::span<const model::StoredContent> uploads{};
    /// What is known of the file that this parameter (or its fileData) held; nullptr when it held none.
    const model::StoredContent* upload(const json::Value& value) const;

    /// Throws away what was written to `out` so far by this call.
    void reset_output() { out.rewind(output_start); }
    std::size_t output_start = 0;  ///< where this call's result begins in the shared buffer

    const model::Actor& actor() const { return records.actor(); }
    const model::Metadata& metadata() const { return records.metadata(); }
    const TimeZone& zone() const { return *records.metadata().account.time_zone; }
    const model::Registry& registry() const { return services.model.registry; }
    UnixSeconds now() const { return services.model.clock.now(); }
    db::Tx& tx() { return records.tx(); }
    db::WriteTx& write_tx() { return records.write_tx(); }
};

/// What the handler of a read answers when it finds that it must write first (defaults made on first use): the wire
/// runs it again inside a write. Of no use inside a write.
Error needs_write();
bool is_needs_write(const Error& error);

}  // namespace stoa::api
