#include "app/probe/remains.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "app/probe/answers.hpp"
#include "base/log.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

constexpr int kTries = 20;
constexpr int kPauseMs = 500;
constexpr int kPagesMax = 20'000;
constexpr std::size_t kRemovedAtOnce = 50;

}  // namespace

Result<std::vector<StoredRecord>> Remains::leads() {
    std::vector<StoredRecord> stored;
    const List list{"crm.lead.list", "=ORIGINATOR_ID", "ID", "", {"ID", "TITLE", "SOURCE_DESCRIPTION"}};
    STOA_CHECK(read_all(list, [&](const json::Value& row) {
        stored.push_back({number_of(row, "ID"), text_of(row, "TITLE"), text_of(row, "SOURCE_DESCRIPTION")});
    }));
    return stored;
}

Result<std::vector<StoredSide>> Remains::deals() {
    std::vector<StoredSide> stored;
    const List list{"crm.deal.list", "=ORIGINATOR_ID", "ID", "", {"ID", "TITLE", "SOURCE_DESCRIPTION", "OPPORTUNITY"}};
    STOA_CHECK(read_all(list, [&](const json::Value& row) { stored.push_back(side_of(row)); }));
    return stored;
}

Result<std::vector<StoredCounter>> Remains::counters() {
    std::vector<StoredCounter> stored;
    const List list{"tasks.task.list", "=XML_ID", "id", "tasks", {"ID", "TITLE", "TIME_SPENT_IN_LOGS"}};
    STOA_CHECK(read_all(list, [&](const json::Value& row) {
        stored.push_back({number_of(row, "id"), text_of(row, "title"), number_of(row, "timeSpentInLogs"), {}});
    }));
    for (StoredCounter& counter : stored)
        STOA_CHECK(read_increments(counter));
    return stored;
}

/// That list has no pages of its own; what is longer than one answer is asked for by id.
Status Remains::read_increments(StoredCounter& counter) {
    RecordId last = 0;
    for (int page = 0; page < kPagesMax; ++page) {
        std::string parameters;
        json::Writer out(parameters);
        out.begin_object().field("taskId", counter.id).key("order").begin_object().field("ID", "ASC").end_object();
        out.key("filter").begin_object().field(">ID", last).end_object().end_object();
        STOA_TRY(const json::Value body, ask("task.elapseditem.getlist", parameters));
        const auto rows = rows_of(body);
        if (rows.empty()) return {};
        for (const json::Value* row : rows)
            counter.increments.push_back({text_of(*row, "COMMENT_TEXT"), number_of(*row, "SECONDS")});
        last = number_of(*rows.back(), "ID");
    }
    return {};
}

Status Remains::read_all(const List& list, FunctionRef<void(const json::Value&)> visit) {
    RecordId last = 0;
    for (int page = 0; page < kPagesMax; ++page) {
        std::string parameters;
        json::Writer out(parameters);
        out.begin_object().key("filter").begin_object().field(list.mark, run_).field(">ID", last).end_object();
        out.key("select").begin_array();
        for (const std::string_view field : list.select)
            out.text(field);
        out.end_array().key("order").begin_object().field("ID", "ASC").end_object().field("start", -1).end_object();
        STOA_TRY(const json::Value body, ask(list.method, parameters));
        const auto rows = rows_of(body, list.rows);
        if (rows.empty()) return {};
        for (const json::Value* row : rows)
            visit(*row);
        last = number_of(*rows.back(), list.id);
    }
    return {};
}

Result<json::Value> Remains::ask(std::string_view method, const std::string& parameters) {
    for (int attempt = 0; attempt < kTries; ++attempt) {
        if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
        const auto answer = caller_.call(method, parameters, {});
        if (answer.response && answer.response->status == 200) return json::parse(answer.response->body);
    }
    return Error{Errc::unavailable, "What was written cannot be read back: the portal does not answer."};
}

void Remains::remove(std::string_view command, const std::vector<RecordId>& ids) {
    for (std::size_t from = 0; from < ids.size(); from += kRemovedAtOnce) {
        std::string parameters;
        json::Writer out(parameters);
        out.begin_object().key("cmd").begin_array();
        for (std::size_t i = from; i < std::min(ids.size(), from + kRemovedAtOnce); ++i)
            out.text(std::string(command) + std::to_string(ids[i]));
        out.end_array().end_object();
        const auto answer = caller_.call("batch", std::move(parameters), {});
        if (answer.response && answer.response->status == 200) continue;
        log::warn("probe_records_left", {{"run", std::string_view(run_)}});
        return;
    }
}

}  // namespace stoa::app::probe
