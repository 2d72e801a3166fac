#include "modules/timeman/worktime.hpp"

#include "modules/timeman/names.hpp"

namespace stoa::timeman {

namespace {

constexpr std::int64_t kDay_s = 86'400;

/// The user's own row, else everybody's, else the defaults of the entity data.
Result<Worktime> read_worktime(api::Call& call, UserId user) {
    const model::Entity& rules = call.registry().entity(kWorktime);
    model::Query query;
    query.where = db::Condition::in(rules.field("USER_ID").column, {db::Value(user), db::Value()});
    query.limit = 2;
    STOA_TRY(const std::vector<model::Record> rows, call.records.as_system().list(rules, query));
    const model::Record* row = nullptr;
    for (const model::Record& candidate : rows) {
        if (!row || !candidate.is_null("USER_ID")) row = &candidate;
    }
    const auto seconds = [&](const char* name) {
        return row ? row->integer(name) : std::stoll(rules.field(name).default_value);
    };
    return Worktime{seconds("IS_FLEXIBLE") != 0, seconds("MAX_START"), seconds("MIN_FINISH"), seconds("MIN_DURATION"),
                    seconds("ALLOWED_DELTA")};
}

class WorktimeHooks final : public model::EntityHooks {
  public:
    Status before_save(model::SaveContext& context) override {
        for (const char* name : {"MAX_START", "MIN_FINISH", "MIN_DURATION", "ALLOWED_DELTA"}) {
            if (!context.changes.has(name)) continue;
            const std::int64_t seconds = context.changes.integer(name);
            if (seconds < 0 || seconds >= kDay_s) {
                return invalid(std::string(name) + " must be 0 to 86399 seconds.", name);
            }
        }
        if (context.operation == model::Operation::update) return {};
        return check_new(context);
    }

  private:
    static Status check_new(model::SaveContext& context) {
        const UserId user = context.changes.integer("USER_ID");
        if (user > 0) {
            const model::Entity& users = context.records.services().registry.entity(kUser);
            STOA_TRY(const bool exists, context.records.as_system().exists(users, user));
            if (!exists) return invalid("There is no user " + std::to_string(user) + ".", "USER_ID");
        }
        // NULLs never collide in the unique index, so the row for everybody is looked for here.
        const db::Condition same = db::Condition::compare(context.entity.field("USER_ID").column, db::Condition::Op::eq,
                                                          user > 0 ? db::Value(user) : db::Value());
        STOA_TRY(const std::int64_t known, context.tx.count(context.entity.table, same, 1));
        if (known > 0) return Error{Errc::already_exists, "There are such rules already: change those.", "USER_ID"};
        return {};
    }
};

}  // namespace

Result<Person> read_person(api::Call& call) {
    Person person;
    STOA_TRY(person.id, call.params.integer_or("USER_ID", call.actor().user));
    person.is_self = person.id == call.actor().user;
    if (!person.is_self && !call.actor().is_admin()) {
        return forbidden("Only administrators may manage the workdays of others.");
    }
    const auto user = call.records.as_system().get(call.registry().entity(kUser), person.id);
    if (!user && user.error().code == Errc::not_found) return not_found("User not found");
    if (!user) return user.error();
    person.is_tracked = user->text("UF_TIMEMAN") != "N" && user->text("USER_TYPE") != "extranet";
    person.zone = call.metadata().account.time_zone;
    if (auto own = find_time_zone(user->text("TIME_ZONE"))) person.zone = *own;
    STOA_TRY(person.worktime, read_worktime(call, person.id));
    return person;
}

std::unique_ptr<model::EntityHooks> make_worktime_hooks() {
    return std::make_unique<WorktimeHooks>();
}

}  // namespace stoa::timeman
