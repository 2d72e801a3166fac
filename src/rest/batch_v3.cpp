// batch of REST v3.

#include "base/limits.hpp"
#include "rest/batch.hpp"
#include "rest/batch_reference.hpp"
#include "rest/errors.hpp"
#include "rest/gate.hpp"

namespace stoa::rest {
namespace {

Error unusable(std::string message) {
    return invalid(std::move(message), {}, "INVALIDSELECTEXCEPTION");
}

Result<BatchCommand> parse_command(const json::Value& value, std::string position, const MethodIndex& methods) {
    const json::Value* method = value.find("method");
    if (!method || !method->is_string()) return unusable("Each call of a batch is an object with method and query.");
    BatchCommand command;
    command.key = std::move(position);
    if (const json::Value* alias = value.find("as"); alias && alias->is_string() && !alias->string().empty()) {
        command.key = alias->string();
    }
    if (const json::Value* query = value.find("query"); query && !query->is_null()) {
        if (!query->is_object() && !query->is_array()) return unusable("'query' must be an object.");
        command.parameters = *query;
    }
    command.references = has_references_v3(command.parameters);
    command.entry = methods.find(api::Wire::v3, method->string());
    if (!command.entry) return method_not_found(api::Wire::v3, method->string());
    if (command.entry->kind == MethodEntry::Kind::batch) {
        return Error{Errc::unsupported, "Method is not allowed for batch usage", {}, "ERROR_BATCH_METHOD_NOT_ALLOWED"};
    }
    return command;
}

}  // namespace

Result<Batch> parse_batch_v3(const json::Value& body, const MethodIndex& methods) {
    Batch batch;
    const auto add = [&](const json::Value& value, const std::string& position) -> Status {
        if (batch.commands.size() >= static_cast<std::size_t>(limits::batch_commands_max)) {
            return Error{Errc::too_large, "Max batch length exceeded"};
        }
        STOA_TRY(BatchCommand command, parse_command(value, position, methods));
        batch.writes = batch.writes || command.entry->method->effect == api::Effect::write;
        batch.commands.push_back(std::move(command));
        return {};
    };
    if (body.is_array()) {
        for (const json::Value& value : body.array())
            STOA_CHECK(add(value, std::to_string(batch.commands.size())));
    } else {
        for (const auto& [key, value] : body.object())
            STOA_CHECK(add(value, key));
    }
    if (batch.commands.empty()) return unusable("A batch needs at least one call.");
    return batch;
}

Status run_batch_v3(const CallEnvironment& environment, const Batch& batch, model::Records& records, std::string& out) {
    BatchAnswers answers;
    for (const BatchCommand& command : batch.commands) {
        STOA_CHECK(permit(environment.identity, *command.entry));
        STOA_CHECK(check_operating(environment, *command.entry));
        json::Value resolved;
        if (command.references) {
            STOA_TRY(resolved, resolve_references_v3(command.parameters, answers));
        }
        std::string json;
        CallResult result;
        STOA_CHECK(run_method(environment, *command.entry, records, command.references ? resolved : command.parameters,
                              json, result));
        answers.emplace_back(command.key, std::move(json));
    }
    out.push_back('[');
    for (const auto& [key, json] : answers) {
        if (out.back() != '[') out.push_back(',');
        out.append(json);
    }
    out.push_back(']');
    return {};
}

}  // namespace stoa::rest
