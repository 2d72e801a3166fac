#include "app/access_bridge.hpp"

#include <limits>

#include "modules/accounts/users.hpp"

namespace stoa::app {

Result<std::optional<model::Actor>> AccessBridge::actor_of(model::Records& records, UserId user) const {
    auto actor = accounts::load_actor(*accounts_, records.tx(), user);
    if (actor) return std::optional<model::Actor>(std::move(*actor));
    if (actor.error().code == Errc::unauthorized) return std::optional<model::Actor>();
    return std::move(actor).error();
}

Result<bool> AccessBridge::may_read(model::Records& records, const model::Entity& entity, RecordId id,
                                    UserId user) const {
    // Mostly the role alone decides. An import asks this for each record, and his departments take several queries.
    const model::Entity& users = records.services().registry.entity(accounts::kUserEntity);
    const auto row = records.as_system().get(users, user);
    if (!row && row.error().code == Errc::not_found) return false;
    if (!row) return row.error();
    if (row->integer("ACTIVE") == 0) return false;
    const model::Role role = accounts::parse_role(row->text("ROLE"));
    if (role == model::Role::admin) return true;
    if (role == model::Role::employee && is_open_to_employees(records, entity)) return true;

    STOA_TRY(const std::optional<model::Actor> actor, actor_of(records, user));
    if (!actor) return false;
    STOA_TRY(model::Records theirs, accounts_->records(records.tx(), *actor));
    return theirs.exists(entity, id);
}

bool AccessBridge::is_open_to_employees(const model::Records& records, const model::Entity& entity) {
    model::Actor anybody;
    anybody.account = records.actor().account;
    anybody.user = std::numeric_limits<UserId>::max();  // of no department, and nobody's colleague
    anybody.role = model::Role::employee;
    const db::Condition rows = records.services().access.rows(anybody, entity, model::Operation::read);
    return rows.kind == db::Condition::Kind::always;
}

}  // namespace stoa::app
