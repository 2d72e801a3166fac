#pragma once
// batch: many commands in one request. Parsed on any thread, run on the thread of one transaction; when any command
// writes, the whole batch is one write transaction (one request, one effect), each command in a savepoint of its own.
// https://github.com/bitrix24/b24restdocs settings/how-to-call-rest-api/batch.md, api-reference/rest-v3.md

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rest/execution.hpp"

namespace stoa::rest {

struct BatchCommand {
    std::string key;  ///< v2: of the cmd map; v3: alias or position
    const MethodEntry* entry = nullptr;
    json::Value parameters = json::Object();
    bool references = false;
    std::optional<Error> refused{};  ///< known before anything runs
};

struct Batch {
    std::vector<BatchCommand> commands;
    bool halt = false;    ///< v2: stop at the first error
    bool writes = false;  ///< some command is Effect::write
};

/// Commands past limits::batch_commands_max and nested batches are refused one by one. Errors: `cmd` is unusable.
Result<Batch> parse_batch(const json::Value& parameters, const MethodIndex& methods);
/// Appends the object of five maps. `write_tx` is set inside a write. Errors only when the store itself fails.
Status run_batch(const CallEnvironment& environment, const Batch& batch, model::Records& records, db::WriteTx* write_tx,
                 std::string& out);

/// A list of calls, or an object with numeric keys. Errors: anything unusable refuses the whole batch.
Result<Batch> parse_batch_v3(const json::Value& body, const MethodIndex& methods);
/// Appends the list of results. The first failing member's error is the answer to the whole request.
Status run_batch_v3(const CallEnvironment& environment, const Batch& batch, model::Records& records, std::string& out);

}  // namespace stoa::rest
