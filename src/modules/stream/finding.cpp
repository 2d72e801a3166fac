#include "modules/stream/finding.hpp"

#include "modules/stream/names.hpp"

namespace stoa::stream {

using api::Call;
using db::Condition;
using model::Record;

Error uncoded(std::string message, std::string field) {
    return {Errc::not_found, std::move(message), std::move(field)};
}

Error with_code(Error error, const char* code) {
    const bool about_input = error.code == Errc::invalid_argument || error.code == Errc::too_large;
    if (about_input && error.api_code.empty()) error.api_code = code;
    return error;
}

Result<std::optional<Record>> find_named(Call& call, const char* entity, const char* parameter) {
    const json::Value* given = call.params.find(parameter);
    const RecordId id = given ? given->as_integer().value_or(0) : 0;
    if (id <= 0) return std::optional<Record>();
    auto found = call.records.get(call.registry().entity(entity), id);
    if (found) return std::optional<Record>(std::move(*found));
    if (found.error().code == Errc::not_found) return std::optional<Record>();
    return found.error();
}

Result<bool> may(Call& call, const Record& record, model::Operation operation) {
    const Condition rows = call.services.model.access.rows(call.actor(), record.entity(), operation);
    const Condition this_one = Condition::equals("id", record.id());
    STOA_TRY(const std::int64_t count, call.tx().count(record.entity().table, Condition::all({this_one, rows}), 1));
    return count > 0;
}

Result<UserId> author_of(Call& call) {
    STOA_TRY(const UserId named, call.params.integer_or("USER_ID", 0));
    const UserId self = call.actor().user;
    if (named <= 0 || named == self || !call.actor().is_admin()) return self;
    STOA_TRY(const bool known, call.records.exists(call.registry().entity(kUser), named));
    if (!known) return invalid("There is no user " + std::to_string(named) + ".", "USER_ID");
    return named;
}

}  // namespace stoa::stream
