#include "app/probe/counter_client.hpp"

#include "app/probe/answers.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {

void CounterClient::round() {
    auto turn = board_.turn();
    if (!turn) return;
    if (turn->id == 0 && !open(*turn)) return;
    add(*turn);
    read(*turn);
    add(*turn);
    find_in_list(*turn);
}

bool CounterClient::open(CounterBoard::Turn& turn) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().key("fields").begin_object();
    out.field("TITLE", turn.title).field("RESPONSIBLE_ID", user_).field("XML_ID", asker_.job().run);
    out.end_object().end_object();
    RecordId id = 0;
    const bool done =
        asker_.write("tasks.task.add", std::move(parameters), [&](const json::Value& body) -> std::string {
            const json::Value* result = body.find("result");
            const json::Value* task = result ? result->find("task") : nullptr;
            id = task ? number_of(*task, "id") : 0;
            return id > 0 ? "" : "there is no id in it";
        });
    if (!done) {
        board_.not_opened();
        return false;
    }
    board_.opened(turn.counter, id);
    turn.id = id;
    return true;
}

void CounterClient::add(const CounterBoard::Turn& turn) {
    const CounterBoard::Ticket ticket = board_.adding(turn.counter);
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().field("taskId", turn.id).key("fields").begin_object();
    out.field("SECONDS", ticket.amount).field("COMMENT_TEXT", ticket.tag).end_object().end_object();
    const bool done =
        asker_.write("task.elapseditem.add", std::move(parameters), [](const json::Value& body) -> std::string {
            return number_of(body, "result") > 0 ? "" : "there is no id in it";
        });
    if (done) board_.added(ticket);
}

void CounterClient::read(const CounterBoard::Turn& turn) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().field("taskId", turn.id).key("select").begin_array();
    out.text("ID").text("TIME_SPENT_IN_LOGS").end_array().end_object();
    const std::int64_t least = board_.least(turn.counter);
    asker_.read("tasks.task.get", std::move(parameters), [&](const json::Value& body) -> std::string {
        const json::Value* result = body.find("result");
        const json::Value* task = result ? result->find("task") : nullptr;
        if (!task || number_of(*task, "id") != turn.id) return "the task is not in it";
        return board_.complaint_about(turn.counter, number_of(*task, "timeSpentInLogs"), least);
    });
}

void CounterClient::find_in_list(const CounterBoard::Turn& turn) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().key("filter").begin_object().field("=ID", turn.id).end_object();
    out.key("select").begin_array().text("ID").text("TIME_SPENT_IN_LOGS").end_array().field("start", -1).end_object();
    const std::int64_t least = board_.least(turn.counter);
    asker_.read("tasks.task.list", std::move(parameters), [&](const json::Value& body) -> std::string {
        const auto rows = rows_of(body, "tasks");
        if (rows.size() != 1) return "it has " + std::to_string(rows.size()) + " tasks instead of one";
        if (number_of(*rows.front(), "id") != turn.id) return "it has another id";
        return board_.complaint_about(turn.counter, number_of(*rows.front(), "timeSpentInLogs"), least);
    });
}

}  // namespace stoa::app::probe
