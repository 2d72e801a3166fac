#include "rest/batch.hpp"

#include "base/limits.hpp"
#include "json/parse.hpp"
#include "json/php_array.hpp"
#include "json/url.hpp"
#include "json/writer.hpp"
#include "rest/batch_reference.hpp"
#include "rest/envelope.hpp"
#include "rest/errors.hpp"
#include "rest/gate.hpp"
#include "rest/parameters.hpp"

namespace stoa::rest {
namespace {

Error length_exceeded() {
    return {Errc::too_large, "Max batch length exceeded", {}, "ERROR_BATCH_LENGTH_EXCEEDED"};
}

Error not_in_batch() {
    return {Errc::unsupported, "Method is not allowed for batch usage", {}, "ERROR_BATCH_METHOD_NOT_ALLOWED"};
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n/");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string_view without_suffix(std::string_view name) {
    return name.ends_with(".json") ? name.substr(0, name.size() - 5) : name;
}

/// "method?query", or the SDK's own form {"method", "params"}.
void parse_command(const json::Value& value, const MethodIndex& methods, BatchCommand& command) {
    std::string name;
    if (value.is_string()) {
        const std::string_view text = value.string();
        const auto mark = text.find('?');
        name = without_suffix(trim(text.substr(0, mark)));
        if (mark != text.npos) {
            auto parsed = json::parse_form(text.substr(mark + 1));
            if (!parsed) {
                command.refused = std::move(parsed).error();
                return;
            }
            command.parameters = std::move(*parsed);
        }
    } else if (const json::Value* method = value.find("method"); method && method->is_string()) {
        name = without_suffix(trim(method->string()));
        const json::Value* given = value.find("params");
        if (given && (given->is_object() || given->is_array())) command.parameters = *given;
    }
    std::string ignored_auth;
    strip_transport(command.parameters, ignored_auth);
    command.references = has_references(command.parameters);
    command.entry = methods.find(api::Wire::v2, name);
    if (!command.entry) {
        command.refused = method_not_found(api::Wire::v2, name);
    } else if (command.entry->kind == MethodEntry::Kind::batch) {
        command.refused = not_in_batch();
    }
}

Result<const json::Value*> cmd_of(const json::Value& parameters) {
    const json::Value* cmd = parameters.find_any_case("cmd");
    if (!cmd || cmd->is_null()) return invalid("Argument 'cmd' is null or empty", "cmd", "ERROR_ARGUMENT");
    if (!cmd->is_array() && !cmd->is_object()) {
        return invalid("The value of an argument 'cmd' must be of type array", "cmd", "ERROR_ARGUMENT");
    }
    return cmd;
}

/// The five maps of the answer, as JSON text by command key.
struct Answers {
    json::RawMembers result, error, total, next, time;
};

std::string error_json(const Error& error, std::string_view request_id) {
    std::string out;
    append_error_body(out, api::Wire::v2, to_wire(api::Wire::v2, error, request_id));
    return out;
}

class Runner {
  public:
    Runner(const CallEnvironment& environment, model::Records& records, db::WriteTx* write_tx)
        : environment_(environment), records_(records), write_tx_(write_tx) {}

    /// False when halt stops the batch. Errors: the store failed.
    Result<bool> run(const BatchCommand& command, bool halt) {
        const Clock& clock = environment_.services.model.clock;
        CallTime time;
        time.start_us = clock.now_us();
        std::string json;
        CallResult result;
        const Status status = command.refused ? Status(*command.refused) : run_permitted(command, json, result);
        if (!status) {
            if (api::is_needs_write(status.error())) return status.error();
            if (is_outage(status.error().code) && status.error().api_code != "OPERATION_TIME_LIMIT")
                return status.error();
            answers_.error.emplace_back(command.key, error_json(status.error(), environment_.request_id));
            return !halt;
        }
        time.finish_us = clock.now_us();
        time.processing_us = result.processing_us;
        time.operating_us = result.operating_us;
        answers_.result.emplace_back(command.key, std::move(json));
        if (result.total) answers_.total.emplace_back(command.key, std::to_string(*result.total));
        if (result.next) answers_.next.emplace_back(command.key, std::to_string(*result.next));
        std::string text;
        append_time(text, time, *records_.metadata().account.time_zone);
        answers_.time.emplace_back(command.key, std::move(text));
        return true;
    }

    void write(std::string& out) const {
        json::Writer json(out);
        json.begin_object();
        json.raw_key("result");
        json::write_php_map(json, answers_.result);
        json.raw_key("result_error");
        json::write_php_map(json, answers_.error);
        json.raw_key("result_total");
        json::write_php_map(json, answers_.total);
        json.raw_key("result_next");
        json::write_php_map(json, answers_.next);
        json.raw_key("result_time");
        json::write_php_map(json, answers_.time);
        json.end_object();
    }

  private:
    Status run_permitted(const BatchCommand& command, std::string& json, CallResult& result) {
        STOA_CHECK(permit(environment_.identity, *command.entry));
        STOA_CHECK(check_operating(environment_, *command.entry));
        if (!command.references) return run_one(command, command.parameters, json, result);
        STOA_TRY(const json::Value resolved, resolve_references(command.parameters, answers_.result));
        return run_one(command, resolved, json, result);
    }

    Status run_one(const BatchCommand& command, const json::Value& parameters, std::string& json, CallResult& result) {
        const auto run = [&]() -> Status {
            return run_method(environment_, *command.entry, records_, parameters, json, result);
        };
        return write_tx_ ? write_tx_->nested(run) : run();
    }

    const CallEnvironment& environment_;
    model::Records& records_;
    db::WriteTx* write_tx_;
    Answers answers_;
};

}  // namespace

Result<Batch> parse_batch(const json::Value& parameters, const MethodIndex& methods) {
    STOA_TRY(const json::Value* cmd, cmd_of(parameters));
    Batch batch;
    if (const json::Value* halt = parameters.find_any_case("halt")) batch.halt = halt->as_bool().value_or(false);

    const auto add = [&](std::string key, const json::Value& value) {
        BatchCommand command;
        command.key = std::move(key);
        if (batch.commands.size() >= static_cast<std::size_t>(limits::batch_commands_max)) {
            command.refused = length_exceeded();
        } else {
            parse_command(value, methods, command);
            if (!command.refused && command.entry->method->effect == api::Effect::write) batch.writes = true;
        }
        batch.commands.push_back(std::move(command));
    };
    if (cmd->is_array()) {
        for (const json::Value& value : cmd->array())
            add(std::to_string(batch.commands.size()), value);
    } else {
        for (const auto& [key, value] : cmd->object())
            add(key, value);
    }
    return batch;
}

Status run_batch(const CallEnvironment& environment, const Batch& batch, model::Records& records, db::WriteTx* write_tx,
                 std::string& out) {
    Runner runner(environment, records, write_tx);
    for (const BatchCommand& command : batch.commands) {
        STOA_TRY(const bool go_on, runner.run(command, batch.halt));
        if (!go_on) break;
    }
    runner.write(out);
    return {};
}

}  // namespace stoa::rest
