#include "rest/files/upload_door.hpp"

#include "base/crypto.hpp"
#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "rest/errors.hpp"
#include "rest/request_head.hpp"
#include "rest/request_key.hpp"

namespace stoa::rest {
namespace {

constexpr std::string_view kField = "file";

Error no_file() {
    return invalid("Post the file as multipart/form-data in the field 'file', or as the plain body.", "file",
                   "ERROR_COULD_NOT_SAVE_FILE");
}

std::string text_of(const json::Value& parameters, std::string_view name) {
    const json::Value* value = parameters.find_any_case(name);
    return value ? value->as_text().value_or("") : std::string();
}

/// The posted file. The body is given up, for it may be large.
Result<api::FileContent> posted_file(net::Request& request, std::string_view content_type, const std::string& name) {
    if (!content_type.starts_with("multipart/")) {
        if (request.body.empty()) return no_file();
        return api::FileContent::make(name, std::move(request.body));
    }
    const auto part = json::find_form_file(request.body, content_type, kField);
    if (!part) return no_file();
    std::string bytes(part->content);
    request.body = {};
    return api::FileContent::make(part->name.empty() ? name : part->name, std::move(bytes));
}

/// data[NAME] as the caller wished it, else the file's own.
void set_name(json::Value& parameters, const std::string& name) {
    json::Object& all = parameters.object();
    json::Value* data = api::FileSearch::member(parameters, "data");
    if (!data) data = &all.set("data", json::Object());
    if (!data->is_object()) *data = json::Object();
    const json::Value* wanted = api::FileSearch::member(*data, "NAME");
    if (!wanted || wanted->as_text().value_or("").empty()) data->object().set("NAME", name.empty() ? "file" : name);
}

}  // namespace

UploadDoor::UploadDoor(const api::Services& services, db::Database& database, api::Authenticator& authenticator,
                       ThreadPool& workers, const MethodIndex& methods, FileIntake& intake, Run run)
    : services_(services),
      database_(database),
      authenticator_(authenticator),
      workers_(workers),
      methods_(methods),
      intake_(intake),
      run_(std::move(run)) {}

bool UploadDoor::is_for(std::string_view path) {
    return path == "/rest/upload.json" || path == "/rest/upload" || path == "/rest/upload/";
}

void UploadDoor::handle(net::Request& request, Exchange exchange) {
    exchange.request_id = make_request_id();
    exchange.cross_origin = true;  // the address is the credential
    const Clock& clock = services_.model.clock;
    if (request.method == "OPTIONS") return answer_preflight(exchange);
    auto moved = std::make_shared<net::Request>(std::move(request));
    auto shared = std::make_shared<Exchange>(std::move(exchange));
    const bool posted = workers_.post([this, moved, shared, &clock] {
        std::vector<api::FileContent> contents;
        if (const Status ready = prepare(*moved, *shared, contents); !ready) {
            return answer_error(*shared, ready.error(), clock);
        }
        intake_.put(shared, std::move(contents), [this, shared, &clock](const Status& stored) {
            if (!stored) return answer_error(*shared, stored.error(), clock);
            run_(shared);
        });
    });
    if (!posted) answer_error(*shared, overloaded(), clock);
}

Result<api::FileTicket> UploadDoor::ticket_of(std::string_view token) {
    const AccountId account = api::ticket_account(token);
    std::string key;
    if (account > 0) {
        STOA_CHECK(database_.read(account, [&](db::Tx& tx) -> Status {
            STOA_TRY(key, model::find_file_key(tx));
            return {};
        }));
    }
    STOA_TRY(api::FileTicket ticket, api::open_ticket(token, key, services_.model.clock.now()));
    if (ticket.kind != api::FileTicket::Kind::upload) return forbidden("This link is for downloads.", "INVALID_TOKEN");
    return ticket;
}

Status UploadDoor::prepare(net::Request& request, Exchange& exchange, std::vector<api::FileContent>& contents) {
    if (request.method != "POST" && request.method != "PUT") {
        return Error{Errc::unsupported, "Use POST.", {}, "ERROR_METHOD_NOT_ALLOWED"};
    }
    STOA_TRY(const json::Value query, json::parse_form(request.query()));
    const std::string token = text_of(query, "token");
    STOA_TRY(api::FileTicket ticket, ticket_of(token));
    STOA_TRY(exchange.identity, authenticator_.by_signed_link(ticket.account, ticket.user));
    exchange.entry = methods_.find(api::Wire::v2, ticket.method);
    if (!exchange.entry || !exchange.entry->method->files) return method_not_found(api::Wire::v2, ticket.method);

    const RequestHead head = RequestHead::pick(request.headers);
    const std::string content_type(head.content_type);
    STOA_TRY(api::FileContent content, posted_file(request, content_type, text_of(query, "name")));
    exchange.parameters = ticket.parameters.is_object() ? std::move(ticket.parameters) : json::Value(json::Object());
    set_name(exchange.parameters, content.name);
    exchange.parameters.object().set("fileContent", api::upload_marker(0));
    exchange.receipt_key = "upload:" + sha256_hex(token).substr(0, 40) + ":" + content.sha256;
    contents.push_back(std::move(content));
    return {};
}

}  // namespace stoa::rest
