#include "rest/files/upload_door.hpp"

#include <optional>

#include "base/crypto.hpp"
#include "base/utf8.hpp"
#include "json/parse.hpp"
#include "rest/errors.hpp"
#include "rest/files/upload_limits.hpp"
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

std::string token_hash(std::string_view token) {
    return sha256_hex(token).substr(0, 40);
}

Error wrong_method() {
    return {Errc::unsupported, "Use POST.", {}, "ERROR_METHOD_NOT_ALLOWED"};
}

/// What is there; the client sends what follows.
void answer_progress(Exchange& exchange, std::uint64_t received, int retry_after_s) {
    net::Response response;
    response.status = 308;
    response.content_type = "text/plain; charset=utf-8";
    if (received > 0) response.headers.push_back({"Range", "bytes=0-" + std::to_string(received - 1)});
    if (retry_after_s > 0) response.headers.push_back({"Retry-After", std::to_string(retry_after_s)});
    response.headers.push_back({"X-Request-Id", exchange.request_id});
    response.headers.push_back({"Cache-Control", "no-store"});
    response.headers.push_back({"Access-Control-Allow-Origin", "*"});
    response.headers.push_back({"Access-Control-Expose-Headers", "Range, Retry-After"});
    exchange.responder(std::move(response));
}

}  // namespace

UploadDoor::UploadDoor(const api::Services& services, db::Database& database, api::Authenticator& authenticator,
                       ThreadPool& workers, const MethodIndex& methods, FileIntake& intake, const FileOptions& options,
                       int hold_ms, Run run)
    : services_(services),
      database_(database),
      authenticator_(authenticator),
      workers_(workers),
      methods_(methods),
      intake_(intake),
      hold_ms_(hold_ms),
      run_(std::move(run)),
      assembly_(database, options.store, services.model.clock, options.folder, hold_ms) {}

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
        if (!moved->header("Content-Range").empty()) return serve_part(*moved, shared);
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

Status UploadDoor::prepare(net::Request& request, Exchange& exchange, std::vector<api::FileContent>& contents) {
    if (request.method != "POST" && request.method != "PUT") return wrong_method();
    STOA_TRY(const json::Value query, json::parse_form(request.query()));
    const std::string token = text_of(query, "token");
    STOA_CHECK(identify(token, false, exchange));
    const RequestHead head = RequestHead::pick(request.headers);
    const std::string content_type(head.content_type);
    STOA_TRY(api::FileContent content, posted_file(request, content_type, text_of(query, "name")));
    set_name(exchange.parameters, content.name);
    exchange.parameters.object().set("fileContent", api::upload_marker(0));
    exchange.receipt_key = "upload:" + token_hash(token) + ":" + content.sha256;
    contents.push_back(std::move(content));
    return {};
}

/// Who sent the address on, and what is to be called: it is all in the ticket.
Status UploadDoor::identify(const std::string& token, bool in_parts, Exchange& exchange) {
    STOA_TRY(api::FileTicket ticket, ticket_of(token, in_parts));
    STOA_TRY(exchange.identity, authenticator_.by_signed_link(ticket.account, ticket.user));
    exchange.entry = methods_.find(api::Wire::v2, ticket.method);
    if (!exchange.entry || !exchange.entry->method->files) return method_not_found(api::Wire::v2, ticket.method);
    exchange.parameters = ticket.parameters.is_object() ? std::move(ticket.parameters) : json::Value(json::Object());
    return {};
}

/// An upload in parts that was begun in time may take longer than its address is valid.
Result<api::FileTicket> UploadDoor::ticket_of(std::string_view token, bool in_parts) {
    const AccountId account = api::ticket_account(token);
    const UnixSeconds now = services_.model.clock.now();
    std::string key;
    bool begun = false;
    if (account > 0) {
        STOA_CHECK(database_.read(account, [&](db::Tx& tx) -> Status {
            STOA_TRY(key, model::find_file_key(tx));
            if (!in_parts) return {};
            STOA_TRY(const auto upload, find_upload(tx, token_hash(token), now));
            begun = upload.has_value();
            return {};
        }));
    }
    const UnixSeconds valid_at = begun ? now - limits::upload_lifetime_s : now;
    STOA_TRY(api::FileTicket ticket, api::open_ticket(token, key, valid_at));
    if (ticket.kind != api::FileTicket::Kind::upload) return forbidden("This link is for downloads.", "INVALID_TOKEN");
    return ticket;
}

// --- In parts ---------------------------------------------------------------------------------------------------

struct UploadDoor::Part {
    std::string token;  ///< hash of the address
    std::string name;   ///< of the whole file
    UploadRange range;
    std::string whole_sha256;  ///< as announced; may be empty
    api::FileContent content{};
};

void UploadDoor::serve_part(net::Request& request, const std::shared_ptr<Exchange>& exchange) {
    const Clock& clock = services_.model.clock;
    auto read = read_part(request, *exchange);
    if (!read) return answer_error(*exchange, read.error(), clock);
    const auto part = std::make_shared<Part>(std::move(*read));
    std::optional<UploadRecord> upload;
    const Status found = database_.read(exchange->identity->actor.account, [&](db::Tx& tx) -> Status {
        STOA_TRY(upload, find_upload(tx, part->token, clock.now()));
        return {};
    });
    if (!found) return answer_error(*exchange, found.error(), clock);
    if (!part->range.query && part->range.begin == (upload ? upload->received : 0)) return store_part(exchange, part);
    if (!upload) {
        upload.emplace();
        upload->total = part->range.total;
    }
    if (upload->total != part->range.total) {
        return answer_error(
            *exchange,
            {Errc::conflict, "The upload was begun with another total size.", "Content-Range", "ERROR_CONTENT_RANGE"},
            clock);
    }
    go_on(exchange, *part, *upload);
}

Result<UploadDoor::Part> UploadDoor::read_part(net::Request& request, Exchange& exchange) {
    if (request.method != "POST" && request.method != "PUT") return wrong_method();
    STOA_TRY(const json::Value query, json::parse_form(request.query()));
    const std::string token = text_of(query, "token");
    Part part;
    STOA_CHECK(identify(token, true, exchange));
    part.token = token_hash(token);
    part.name = text_of(query, "name");
    STOA_TRY(part.range, parse_content_range(request.header("Content-Range")));
    STOA_TRY(part.whole_sha256, parse_sha256_digest(request.header("Repr-Digest")));
    if (request.body.size() != part.range.end - part.range.begin) {
        return invalid("The part has " + std::to_string(request.body.size()) + " bytes, Content-Range says " +
                           std::to_string(part.range.end - part.range.begin) + ".",
                       "Content-Range", "ERROR_CONTENT_RANGE");
    }
    if (part.range.query) return part;
    STOA_TRY(const std::string sha256, parse_sha256_digest(request.header("Content-Digest")));
    part.content = api::FileContent::make("part", std::move(request.body));
    if (!sha256.empty() && sha256 != part.content.sha256) {
        return invalid("The part is not what was sent: its digest is another. Send it again.", "Content-Digest",
                       "ERROR_DIGEST");
    }
    return part;
}

void UploadDoor::store_part(const std::shared_ptr<Exchange>& exchange, const std::shared_ptr<Part>& part) {
    std::vector<api::FileContent> contents;
    contents.push_back(std::move(part->content));
    intake_.put(exchange, std::move(contents), [this, exchange, part](const Status& stored) {
        if (!stored) return answer_error(*exchange, stored.error(), services_.model.clock);
        note_part(exchange, part);
    });
}

void UploadDoor::note_part(const std::shared_ptr<Exchange>& exchange, const std::shared_ptr<Part>& part) {
    const auto upload = std::make_shared<UploadRecord>();
    const model::StoredContent& stored = exchange->uploads.front();
    const UploadPart taken{part->range, stored.blob, stored.content_type, part->whole_sha256};
    exchange->uploads.clear();
    database_.write(
        {.account = exchange->identity->actor.account, .timeout_ms = hold_ms_},
        [this, part, upload, taken](db::WriteTx& tx) -> Result<std::string> {
            STOA_TRY(*upload, take_part(tx, part->token, taken, services_.model.clock.now()));
            return std::string();
        },
        [this, exchange, part, upload](const Result<db::WriteOutcome>& noted) {
            if (!noted) return answer_error(*exchange, noted.error(), services_.model.clock);
            go_on(exchange, *part, *upload);
        });
}

/// Says how far it is, or finishes it.
void UploadDoor::go_on(const std::shared_ptr<Exchange>& exchange, const Part& part, const UploadRecord& upload) {
    if (!upload.complete()) return answer_progress(*exchange, upload.received, 0);
    if (!upload.blob.empty()) return finish(exchange, part, upload, upload.blob);
    Part named = part;
    named.content = {};
    assembly_.run(exchange->identity->actor.account, upload,
                  [this, exchange, named = std::move(named), upload](const Result<std::string>& blob) {
                      if (blob) return finish(exchange, named, upload, *blob);
                      if (blob.error().code == Errc::timeout) return answer_progress(*exchange, upload.received, 1);
                      answer_error(*exchange, blob.error(), services_.model.clock);
                  });
}

/// The call itself, once: a receipt is kept under the address.
void UploadDoor::finish(const std::shared_ptr<Exchange>& exchange, const Part& part, const UploadRecord& upload,
                        const std::string& blob) {
    set_name(exchange->parameters, part.name);
    exchange->parameters.object().set("fileContent", api::upload_marker(0));
    exchange->receipt_key = "upload:" + part.token + ":parts";
    const std::string name = text_of(*api::FileSearch::member(exchange->parameters, "data"), "NAME");
    exchange->uploads = {{blob, name, upload.content_type, static_cast<std::int64_t>(upload.total)}};
    run_(exchange);
}

}  // namespace stoa::rest
