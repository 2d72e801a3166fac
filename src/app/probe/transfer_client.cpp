#include "app/probe/transfer_client.hpp"

#include "app/probe/answers.hpp"
#include "base/decimal.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

void write_side(json::Writer& out, std::int64_t amount, std::int64_t version) {
    std::string text;
    append_decimal(text, amount, 2);
    out.field("OPPORTUNITY", text).field("SOURCE_DESCRIPTION", std::to_string(version));
}

}  // namespace

void TransferClient::round() {
    auto ticket = board_.moving(asker_.job().number);
    while (!ticket) {
        if (!open()) return;
        ticket = board_.moving(asker_.job().number);
    }
    if (move(*ticket)) ++rounds_ % 2 == 0 ? read_one(*ticket) : read_both(*ticket);
    look_at_another();
}

bool TransferClient::open() {
    const PairBoard::Ticket ticket = board_.opening(asker_.job().number);
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().field("halt", 1).key("cmd").begin_array();
    const auto add = [&](const std::string& title, std::int64_t amount) {
        out.begin_object().field("method", "crm.deal.add").key("params").begin_object().key("fields").begin_object();
        out.field("TITLE", title).field("ORIGINATOR_ID", asker_.job().run);
        write_side(out, amount, ticket.move.version);
        out.end_object().end_object().end_object();
    };
    add(ticket.left_title, ticket.move.left);
    add(ticket.right_title, ticket.move.right);
    out.end_array().end_object();
    RecordId left = 0, right = 0;
    const bool done = asker_.write("batch", std::move(parameters), [&](const json::Value& body) -> std::string {
        const auto results = results_of_batch(body, 2);
        if (results.empty()) return "not both deals were made: " + json::to_json(body).substr(0, 500);
        left = results[0]->as_integer().value_or(0);
        right = results[1]->as_integer().value_or(0);
        return left > 0 && right > 0 ? "" : "there are no two ids in it";
    });
    if (done) board_.opened(ticket, left, right);
    return done;
}

bool TransferClient::move(const PairBoard::Ticket& ticket) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().field("halt", 1).key("cmd").begin_array();
    const auto update = [&](RecordId id, std::int64_t amount) {
        out.begin_object().field("method", "crm.deal.update").key("params").begin_object().field("id", id);
        out.key("fields").begin_object();
        write_side(out, amount, ticket.move.version);
        out.end_object().end_object().end_object();
    };
    update(ticket.left, ticket.move.left);
    update(ticket.right, ticket.move.right);
    out.end_array().end_object();
    const bool done = asker_.write("batch", std::move(parameters), [](const json::Value& body) -> std::string {
        const auto results = results_of_batch(body, 2);
        const bool both =
            !results.empty() && results[0]->as_bool().value_or(false) && results[1]->as_bool().value_or(false);
        return both ? "" : "not both deals were changed: " + json::to_json(body).substr(0, 500);
    });
    if (done) board_.moved(ticket);
    return done;
}

void TransferClient::read_both(const PairBoard::Ticket& ticket) {
    list(ticket.left, ticket.right,
         [&](const StoredSide& left, const StoredSide& right) { return board_.read(ticket.pair, left, right); });
}

void TransferClient::read_one(const PairBoard::Ticket& ticket) {
    const RecordId id = ticket.move.version % 2 == 0 ? ticket.left : ticket.right;
    std::string parameters;
    json::Writer(parameters).begin_object().field("id", id).end_object();
    asker_.read("crm.deal.get", std::move(parameters), [&](const json::Value& body) -> std::string {
        const json::Value* record = body.find("result");
        if (!record || number_of(*record, "ID") != id) return "the deal is not in it";
        return board_.read_one(ticket.pair, side_of(*record));
    });
}

void TransferClient::look_at_another() {
    const auto glimpse = board_.other(asker_.job().number);
    if (!glimpse) return;
    list(glimpse->left, glimpse->right, [&](const StoredSide& left, const StoredSide& right) {
        return board_.complaint_about(*glimpse, left, right);
    });
}

void TransferClient::list(RecordId left, RecordId right, const Judge& judge) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().key("filter").begin_object().key("@ID").begin_array().integer(left).integer(right).end_array();
    out.end_object().key("select").begin_array().text("ID").text("OPPORTUNITY").text("SOURCE_DESCRIPTION").end_array();
    out.field("start", -1).end_object();
    asker_.read("crm.deal.list", std::move(parameters), [&](const json::Value& body) -> std::string {
        const auto rows = rows_of(body);
        if (rows.size() != 2) return "it has " + std::to_string(rows.size()) + " deals instead of two";
        StoredSide first = side_of(*rows[0]);
        StoredSide second = side_of(*rows[1]);
        if (first.id != left) std::swap(first, second);
        if (first.id != left || second.id != right) return "it has other ids";
        return judge(first, second);
    });
}

}  // namespace stoa::app::probe
