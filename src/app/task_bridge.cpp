#include "app/task_bridge.hpp"

#include <algorithm>

#include "app/notify_bridge.hpp"
#include "base/time_format.hpp"
#include "modules/chat/mentions.hpp"
#include "modules/stream/entries.hpp"
#include "modules/tasks/names.hpp"

namespace stoa::app {

using model::Record;
using tasks::TaskChange;
using tasks::TaskPeople;

namespace {

constexpr Phrase kGiven{"A task was given to you", "Ihnen wurde eine Aufgabe zugewiesen", "Вам поставлена задача"};
constexpr Phrase kAccomplice{"You take part in a task", "Sie wirken an einer Aufgabe mit",
                             "Вы добавлены соисполнителем задачи"};
constexpr Phrase kAuditor{"You observe a task", "Sie beobachten eine Aufgabe", "Вы добавлены наблюдателем задачи"};
constexpr Phrase kCompleted{"Task completed", "Aufgabe abgeschlossen", "Задача завершена"};
constexpr Phrase kForReview{"A task awaits your review", "Eine Aufgabe wartet auf Ihre Kontrolle",
                            "Задача ждёт вашего контроля"};
constexpr Phrase kReturned{"Task returned to work", "Aufgabe zur Bearbeitung zurückgegeben",
                           "Задача возвращена в работу"};
constexpr Phrase kDeclined{"Task declined", "Aufgabe abgelehnt", "Задача отклонена"};
constexpr Phrase kDeadline{"Deadline changed", "Frist geändert", "Изменён крайний срок"};
constexpr Phrase kNoDeadline{"no deadline", "ohne Frist", "без срока"};
constexpr Phrase kCommented{"New comment on a task", "Neuer Kommentar zu einer Aufgabe", "Новый комментарий к задаче"};
constexpr Phrase kMentioned{"You were mentioned in a task", "Sie wurden in einer Aufgabe erwähnt",
                            "Вас упомянули в задаче"};
constexpr Phrase kMany{"Changes of many tasks", "Änderungen an vielen Aufgaben", "Изменения многих задач"};
constexpr Phrase kNewTask{"New task", "Neue Aufgabe", "Новая задача"};

/// What all that is told of one task has in common.
std::string about(RecordId task) {
    return "TASKS|TASK|" + std::to_string(task);
}

std::string link_to(RecordId task) {
    return "/tasks/" + std::to_string(task);
}

/// One change of one task; each person hears of it once, by what concerns him most.
class Teller {
  public:
    Teller(model::Records& records, const Record& task, UserId author)
        : records_(records), task_(task), author_(author) {}

    Status tell(UserId receiver, const char* event, const Phrase& phrase, const std::string& more = {}) {
        if (std::find(told_.begin(), told_.end(), receiver) != told_.end()) return {};
        told_.push_back(receiver);
        notify::Notification out;
        out.author = author_;
        out.module = "tasks";
        out.event = event;
        out.tag = about(task_.id()) + "|" + event;
        out.sub_tag = about(task_.id());
        out.title = in_language(records_, phrase);
        out.text = task_.text("TITLE") + (more.empty() ? "" : "\n" + more);
        out.link = link_to(task_.id());
        out.crowd_title = in_language(records_, kMany);
        out.crowd_link = "/tasks";
        return app::tell(records_, std::move(out), receiver);
    }
    Status tell(const std::vector<UserId>& receivers, const char* event, const Phrase& phrase,
                const std::string& more = {}) {
        for (const UserId receiver : receivers)
            STOA_CHECK(tell(receiver, event, phrase, more));
        return {};
    }

  private:
    model::Records& records_;
    const Record& task_;
    UserId author_;
    std::vector<UserId> told_;
};

std::vector<UserId> newcomers(const std::vector<UserId>& now, const std::vector<UserId>& before) {
    std::vector<UserId> out;
    for (const UserId user : now) {
        if (std::find(before.begin(), before.end(), user) == before.end()) out.push_back(user);
    }
    return out;
}

/// What a change of status is called; nullptr for those that people see in the task itself.
const Phrase* phrase_of_status(std::int64_t before, std::int64_t now) {
    const bool was_done = before == tasks::completed || before == tasks::awaiting_review;
    switch (now) {
        case tasks::completed:
            return &kCompleted;
        case tasks::awaiting_review:
            return &kForReview;
        case tasks::declined:
            return &kDeclined;
        case tasks::pending:
        case tasks::in_progress:
            return was_done ? &kReturned : nullptr;
        default:
            return nullptr;
    }
}

/// The creator hears of what was done to his task, the responsible person of what came of his work.
Status tell_of_status(Teller& teller, const TaskChange& change) {
    const std::int64_t status = change.task.integer("STATUS");
    if (!change.before || change.before->integer("STATUS") == status) return {};
    const Phrase* phrase = phrase_of_status(change.before->integer("STATUS"), status);
    if (phrase == nullptr) return {};
    STOA_CHECK(teller.tell(change.people.creator, "task_update", *phrase));
    if (status != tasks::completed && phrase != &kReturned) return {};
    return teller.tell(change.people.responsible, "task_update", *phrase);
}

Status tell_of_deadline(model::Records& records, Teller& teller, const TaskChange& change) {
    if (!change.before || change.before->integer("DEADLINE") == change.task.integer("DEADLINE")) return {};
    std::string deadline;
    if (change.task.is_null("DEADLINE")) {
        deadline = in_language(records, kNoDeadline);
    } else {
        append_iso(deadline, change.task.integer("DEADLINE"), *records.metadata().account.time_zone);
        deadline = deadline.substr(0, 10) + " " + deadline.substr(11, 5);
    }
    return teller.tell(change.people.all(), "task_update", kDeadline, deadline);
}

Status write_entry(model::Records& records, const TaskChange& change, const char* event, const Phrase& phrase) {
    stream::Entry entry;
    entry.author = records.actor().user;
    entry.source = about(change.task.id());
    entry.event = event;
    entry.title = in_language(records, phrase);
    entry.text = link_text(records, link_to(change.task.id()), change.task.text("TITLE"));
    entry.readers.users = change.people.all();
    const auto written = stream::add_entry(records, entry);
    return written ? Status() : Status(written.error());
}

/// A new task of many people and a completed one stand in the stream, for the participants.
Status keep_in_stream(model::Records& records, const TaskChange& change) {
    const std::vector<UserId> people = change.people.all();
    if (change.before && people != change.people_before.all()) {
        STOA_CHECK(stream::readdress_entries(records, about(change.task.id()), {people, {}}));
    }
    if (records.actor().user <= 0) return {};
    if (!change.before && people.size() >= TaskBridge::kManyPeople) {
        STOA_CHECK(write_entry(records, change, "new", kNewTask));
    }
    const bool done = change.before && change.task.integer("STATUS") == tasks::completed &&
                      change.before->integer("STATUS") != tasks::completed;
    return done && people.size() > 1 ? write_entry(records, change, "completed", kCompleted) : Status();
}

}  // namespace

Status TaskBridge::task_saved(model::Records& records, const TaskChange& change) {
    STOA_CHECK(keep_in_stream(records, change));
    if (records.actor().user <= 0) return {};  // the program's own work is nobody's news
    const TaskPeople& people = change.people;
    const TaskPeople& before = change.people_before;
    Teller teller(records, change.task, records.actor().user);
    if (people.responsible != before.responsible) STOA_CHECK(teller.tell(people.responsible, "manage", kGiven));
    STOA_CHECK(teller.tell(newcomers(people.accomplices, before.accomplices), "manage", kAccomplice));
    STOA_CHECK(teller.tell(newcomers(people.auditors, before.auditors), "manage", kAuditor));
    STOA_CHECK(tell_of_status(teller, change));
    return tell_of_deadline(records, teller, change);
}

Status TaskBridge::task_removed(model::Records& records, RecordId task) {
    STOA_CHECK(stream::remove_entries(records, about(task)));
    return take_back(records, about(task));
}

Status TaskBridge::comment_added(model::Records& records, const Record& task, const TaskPeople& people,
                                 const Record& comment) {
    if (records.actor().user <= 0) return {};
    const UserId author = comment.integer("AUTHOR_ID");
    const std::string said = chat::preview(comment.text("POST_MESSAGE"));
    const std::vector<UserId> all = people.all();
    Teller teller(records, task, author);
    for (const UserId user : chat::mentions_in(comment.text("POST_MESSAGE"))) {
        bool sees = std::find(all.begin(), all.end(), user) != all.end();
        if (!sees) {
            STOA_TRY(sees, access_.may_read(records, task.entity(), task.id(), user));
        }
        if (sees) STOA_CHECK(teller.tell(user, "mention", kMentioned, said));
    }
    for (const UserId user : all) {
        // An administrator who writes for somebody else needs no telling either.
        if (user != records.actor().user) STOA_CHECK(teller.tell(user, "comment", kCommented, said));
    }
    return {};
}

}  // namespace stoa::app
