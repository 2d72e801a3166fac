#include "modules/tasks/task_people.hpp"

#include <set>

#include "modules/tasks/limits.hpp"

namespace stoa::tasks {

std::vector<UserId> TaskPeople::all() const {
    std::vector<UserId> out;
    std::set<UserId> known;
    const auto add = [&](UserId user) {
        if (user > 0 && out.size() < limits::task_people_told_max && known.insert(user).second) out.push_back(user);
    };
    add(creator);
    add(responsible);
    for (const std::vector<UserId>* some : {&accomplices, &auditors}) {
        for (const UserId user : *some)
            add(user);
    }
    return out;
}

Result<TaskPeople> people_of(model::Records& records, const model::Record& task) {
    TaskPeople people;
    people.creator = task.integer("CREATED_BY");
    people.responsible = task.integer("RESPONSIBLE_ID");
    STOA_TRY(people.accomplices, records.links(task.entity().field("ACCOMPLICES"), task.id()));
    STOA_TRY(people.auditors, records.links(task.entity().field("AUDITORS"), task.id()));
    return people;
}

}  // namespace stoa::tasks
