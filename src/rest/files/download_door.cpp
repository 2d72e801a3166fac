#include "rest/files/download_door.hpp"

#include <charconv>
#include <optional>

#include "api/content_type.hpp"
#include "api/file_links.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "json/parse.hpp"
#include "json/url.hpp"
#include "model/stored_files.hpp"
#include "rest/errors.hpp"
#include "rest/files/byte_range.hpp"
#include "rest/files/public_page.hpp"

namespace stoa::rest {
namespace {

constexpr std::string_view kPublicPrefix = "/~";
constexpr int kPresignedLifetimeS = 300;

struct Metrics {
    Counter& sent = counter("stoa_file_downloads_total", "Files asked for.", {{"result", "sent"}});
    Counter& redirected = counter("stoa_file_downloads_total", "Files asked for.", {{"result", "redirected"}});
    Counter& failed = counter("stoa_file_downloads_total", "Files asked for.", {{"result", "failed"}});
};

Metrics& metrics() {
    static Metrics all;
    return all;
}

/// RFC 6266: a plain name for old clients, the real one percent-encoded.
std::string disposition(bool show, const std::string& name) {
    std::string plain;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        plain += byte < 32 || byte > 126 || c == '"' || c == '\\' || c == '%' ? '_' : c;
    }
    return std::string(show ? "inline" : "attachment") + "; filename=\"" + plain + "\"; filename*=UTF-8''" +
           json::url_encode(name);
}

}  // namespace

struct DownloadDoor::Job {
    explicit Job(net::Responder to) : responder(std::move(to)) {}

    net::Responder responder;
    bool head = false;
    std::string path, query, range, if_range, if_none_match;

    AccountId account = 0;
    std::string blob, name, content_type, etag;
    std::uint64_t size = 0;
    bool show = false;
    bool is_public = false;

    WantedRange wanted{};
    std::string bytes;
    MemoryShares::Share memory{};

    void fail(const Error& error) const {
        metrics().failed.add();
        WireError wire = to_wire(api::Wire::v2, error, "");
        if (error.code == Errc::not_found) wire.status = 404;
        net::Response response;
        response.status = wire.status;
        append_error_body(response.body, api::Wire::v2, wire);
        response.headers.push_back({"Cache-Control", "no-store"});
        response.headers.push_back({"Access-Control-Allow-Origin", "*"});
        if (wire.retry_after_s > 0) response.headers.push_back({"Retry-After", std::to_string(wire.retry_after_s)});
        responder(std::move(response));
    }

    net::Response answer(int status) const {
        net::Response response;
        response.status = status;
        response.content_type = content_type;
        response.headers = {{"Content-Disposition", disposition(show, name)},
                            {"ETag", etag},
                            {"Accept-Ranges", "bytes"},
                            {"Cache-Control", is_public ? "no-cache" : "private, max-age=3600"},
                            {"X-Content-Type-Options", "nosniff"},
                            {"Content-Security-Policy", "default-src 'none'; sandbox"},
                            {"Access-Control-Allow-Origin", "*"}};  // the address is the credential
        return response;
    }
};

bool DownloadDoor::is_for(std::string_view path) {
    return path.starts_with(kPublicPrefix) || path == "/rest/download.json" || path == "/rest/download" ||
           path == "/rest/download/";
}

void DownloadDoor::handle(net::Request& request, net::Responder responder) {
    auto job = std::make_shared<Job>(std::move(responder));
    job->head = request.method == "HEAD";
    if (!job->head && request.method != "GET") {
        return job->fail({Errc::unsupported, "Use GET or HEAD.", {}, "ERROR_METHOD_NOT_ALLOWED"});
    }
    job->path = request.path();
    job->query = request.query();
    job->range = request.header("Range");
    job->if_range = request.header("If-Range");
    job->if_none_match = request.header("If-None-Match");
    if (!workers_.post([this, job] { serve(job); })) job->fail(overloaded());
}

void DownloadDoor::serve(const std::shared_ptr<Job>& job) {
    job->is_public = job->path.starts_with(kPublicPrefix);
    job->is_public ? serve_public(job) : serve_link(job);
}

void DownloadDoor::serve_link(const std::shared_ptr<Job>& job) {
    const auto query = json::parse_form(job->query);
    const json::Value* given = query ? query->find("token") : nullptr;
    const std::string token = given ? given->as_text().value_or("") : "";
    job->account = api::ticket_account(token);
    if (job->account <= 0) return job->fail(forbidden("The link is not valid. Ask for a new one.", "INVALID_TOKEN"));
    const Status found = database_.read(job->account, [&](db::Tx& tx) -> Status {
        STOA_TRY(const std::string key, model::find_file_key(tx));
        STOA_TRY(const api::FileTicket ticket, api::open_ticket(token, key, services_.model.clock.now()));
        if (ticket.kind == api::FileTicket::Kind::upload) {
            return forbidden("This link is for uploads.", "INVALID_TOKEN");
        }
        job->show = ticket.kind == api::FileTicket::Kind::show;
        return find_file(tx, ticket.file, *job);
    });
    if (!found) return job->fail(found.error());
    send_file(job);
}

/// /~{account}-{hash}, with ?file=n for one file of a folder.
void DownloadDoor::serve_public(const std::shared_ptr<Job>& job) {
    const std::string_view code = std::string_view(job->path).substr(kPublicPrefix.size());
    const std::size_t dash = code.find('-');
    const Error nothing = not_found("There is nothing here, or not any more.");
    if (dash == std::string_view::npos || !options_.find_public) return job->fail(nothing);
    std::from_chars(code.data(), code.data() + dash, job->account);
    if (job->account <= 0) return job->fail(nothing);
    std::string html;
    const Status found = database_.read(job->account, [&](db::Tx& tx) -> Status {
        auto metadata = services_.model.metadata.load(tx);
        if (!metadata) return metadata.error();
        model::Records records(services_.model, tx, model::Actor::make_system(job->account), *metadata);
        STOA_TRY(const api::PublicPage page, options_.find_public(records, code.substr(dash + 1)));
        if (!page.folder) return find_file(tx, page.files.at(0).file, *job);
        STOA_TRY(const json::Value query, json::parse_form(job->query));
        const json::Value* number = query.find("file");
        if (!number) {
            html = public_folder_html(page, (*metadata)->account.language);
            return {};
        }
        for (const api::PublicFile& file : page.files) {
            if (number->as_integer() == file.file) return find_file(tx, file.file, *job);
        }
        return nothing;
    });
    if (!found) return job->fail(found.error());
    if (html.empty()) return send_file(job);
    net::Response response;
    response.content_type = "text/html; charset=utf-8";
    response.body = std::move(html);
    response.headers = {{"Cache-Control", "no-store"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Content-Security-Policy", "default-src 'none'"},
                        {"Referrer-Policy", "no-referrer"}};
    job->responder(std::move(response));
}

Status DownloadDoor::find_file(db::Tx& tx, RecordId file, Job& job) {
    const model::Entity& entity = services_.model.registry.entity("file");
    db::Select select;
    select.table = entity.table;
    select.columns_sql = "`blob`, name, size, content_type";
    select.where = db::Condition::equals("id", file);
    select.limit = 1;
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        job.blob = row.text(0);
        job.name = row.text(1);
        job.size = static_cast<std::uint64_t>(row.integer(2));
        job.content_type = row.text(3);
        return false;
    }));
    if (job.blob.empty()) return not_found("The file is not there any more.");
    job.show = job.show && api::may_show_inline(job.content_type);
    job.etag = '"' + job.blob.substr(job.blob.find('/') + 1, 32) + '"';
    return {};
}

void DownloadDoor::send_file(const std::shared_ptr<Job>& job) {
    if (job->if_none_match == "*" || job->if_none_match.find(job->etag) != std::string::npos) {
        return job->responder(job->answer(304));
    }
    const bool range_counts = job->if_range.empty() || job->if_range == job->etag;
    job->wanted = parse_range(range_counts ? job->range : "", job->size);
    if (job->wanted.kind == WantedRange::Kind::unsatisfiable) {
        net::Response response = job->answer(416);
        response.headers.push_back({"Content-Range", "bytes */" + std::to_string(job->size)});
        return job->responder(std::move(response));
    }
    if (job->head) {
        net::Response response = job->answer(200);
        response.head_bytes = job->size;
        return job->responder(std::move(response));
    }
    if (!options_.store) return job->fail({Errc::unavailable, "This server has no file store.", {}, {}, 60});
    if (options_.presigned_downloads) {
        const auto address = options_.store->presigned_url({job->account, job->blob},
                                                           {job->name, job->content_type, kPresignedLifetimeS});
        if (address) {
            net::Response response;
            response.status = 302;
            response.headers = {
                {"Location", *address}, {"Cache-Control", "no-store"}, {"Access-Control-Allow-Origin", "*"}};
            metrics().redirected.add();
            return job->responder(std::move(response));
        }
    }
    auto share = memory_.take(job->wanted.end - job->wanted.begin);
    if (!share) return job->fail(share.error());
    job->memory = std::move(*share);
    fetch(job);
}

/// One piece after the other, each asked for when the one before is there.
void DownloadDoor::fetch(const std::shared_ptr<Job>& job) {
    const std::uint64_t from = job->wanted.begin + job->bytes.size();
    if (from >= job->wanted.end) {
        const bool part = job->wanted.kind == WantedRange::Kind::part;
        net::Response response = job->answer(part ? 206 : 200);
        if (part) {
            response.headers.push_back({"Content-Range", "bytes " + std::to_string(job->wanted.begin) + "-" +
                                                             std::to_string(job->wanted.end - 1) + "/" +
                                                             std::to_string(job->size)});
        }
        // Counted as long as it is in memory: until it has been sent.
        auto body =
            std::shared_ptr<std::string>(new std::string(std::move(job->bytes)),
                                         [share = std::move(job->memory)](const std::string* text) { delete text; });
        response.shared_body = std::move(body);
        metrics().sent.add();
        return job->responder(std::move(response));
    }
    const std::uint64_t to = std::min<std::uint64_t>(job->wanted.end, from + limits::file_read_bytes_max);
    options_.store->get({job->account, job->blob}, {from, to}, [this, job, from, to](Result<std::string> piece) {
        if (piece && piece->size() == to - from) {
            if (job->bytes.empty()) {
                job->bytes = std::move(*piece);
                job->bytes.reserve(job->wanted.end - job->wanted.begin);
            } else {
                job->bytes += *piece;
            }
            return fetch(job);
        }
        if (piece || piece.error().code == Errc::not_found) {
            log::error("file_content_lost", {{"account", job->account},
                                             {"blob", std::string_view(job->blob)},
                                             {"action", "restore the blob from a backup of the file store"}});
            return job->fail(not_found("The contents of this file are missing in the store."));
        }
        Error error = piece.error();
        error.code = error.code == Errc::busy ? Errc::busy : Errc::unavailable;
        error.message = "The file store does not answer just now. Try again.";
        error.retry_after_s = std::max(1, error.retry_after_s);
        job->fail(error);
    });
}

}  // namespace stoa::rest
