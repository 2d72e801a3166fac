#include "rest/endpoint.hpp"

#include <stdexcept>

#include "base/fibers.hpp"
#include "base/log.hpp"
#include "rest/errors.hpp"
#include "rest/gate.hpp"
#include "rest/parameters.hpp"
#include "rest/request_key.hpp"

namespace stoa::rest {
namespace {

constexpr std::size_t kAnswerBytesUsual = 2'048;
constexpr std::size_t kInlineAnswerBytesMax =
    64 * 1024;  ///< finished on the committing thread; larger ones on the pool

void append_extras(std::string& out, const CallResult& result) {
    if (result.next) out.append(",\"next\":").append(std::to_string(*result.next));
    if (result.total) out.append(",\"total\":").append(std::to_string(*result.total));
}

TrustedProxies parse_proxies(const std::vector<std::string>& blocks) {
    auto parsed = TrustedProxies::parse(blocks);
    if (!parsed) throw std::invalid_argument(parsed.error().message);
    return std::move(*parsed);
}

}  // namespace

Endpoint::Endpoint(const api::Services& services, db::Database& database, api::Authenticator& authenticator,
                   ThreadPool& workers, const RestOptions& options)
    : services_(services),
      clock_(services.model.clock),
      database_(database),
      authenticator_(authenticator),
      workers_(workers),
      options_(options),
      proxies_(parse_proxies(options.trusted_proxies)),
      methods_(services.methods),
      buckets_(options.bucket_size, options.bucket_drain_per_s),
      operating_(options.operating_limit_s),
      file_memory_(options.files.memory_bytes_max),
      intake_(services, database, options.files.store, file_memory_, options.hold_ms),
      uploads_(services, database, authenticator, workers, methods_, intake_, options_.files, options_.hold_ms,
               [this](const std::shared_ptr<Exchange>& exchange) { run_write(exchange); }),
      downloads_(services, database, workers, options_.files, file_memory_) {}

void Endpoint::handle(net::Request& request, net::Responder responder) {
    if (DownloadDoor::is_for(request.path())) return downloads_.handle(request, std::move(responder));
    Exchange exchange(std::move(responder));
    exchange.received_us = clock_.monotonic_us();
    exchange.start_us = clock_.now_us();
    if (UploadDoor::is_for(request.path())) return uploads_.handle(request, std::move(exchange));
    exchange.wire = wire_of(request.path());
    if (request.body.size() <= options_.inline_body_bytes_max) {
        if (!database_.blocks()) return serve(request, std::move(exchange));
        // Point reads of callers who are known wait for nothing but their answer; a fiber does that.
        if (Fibers* const fibers = Fibers::of_this_thread(); fibers != nullptr) {
            if (serve_by_fiber(request, exchange, *fibers)) return;
        }
    }
    exchange.request_id = make_request_id();
    auto moved = std::make_shared<std::pair<net::Request, Exchange>>(std::move(request), std::move(exchange));
    const bool posted = workers_.post([this, moved] { serve(moved->first, std::move(moved->second)); });
    if (!posted) answer_error(moved->second, overloaded(), clock_);
}

void Endpoint::serve(net::Request& request, Exchange exchange) {
    if (request.method == "OPTIONS") {
        exchange.cross_origin = true;
        exchange.request_id = make_request_id();
        answer_preflight(exchange);
        return;
    }
    if (const Status status = prepare(request, exchange); !status) {
        answer_error(exchange, status.error(), clock_);
        return;
    }
    dispatch(std::move(exchange));
}

/// False: who calls has to be looked up, which may take more than an I/O thread can wait for.
bool Endpoint::serve_by_fiber(net::Request& request, Exchange& exchange, Fibers& fibers) {
    if (request.method == "OPTIONS") {
        serve(request, std::move(exchange));
        return true;
    }
    if (const Status status = prepare(request, exchange); !status) {
        if (is_must_wait(status.error())) return false;
        answer_error(exchange, status.error(), clock_);
        return true;
    }
    const bool point_read =
        exchange.receipt_key.empty() && !exchange.batch && exchange.entry->method->run == api::Run::io;
    auto shared = std::make_shared<Exchange>(std::move(exchange));
    if (point_read && fibers.start([this, shared] { run_read(*shared); })) return true;
    if (!workers_.post([this, shared] { dispatch(std::move(*shared)); })) answer_error(*shared, overloaded(), clock_);
    return true;
}

/// Everything before a transaction: who calls what with which parameters, and whether they may.
Status Endpoint::prepare(net::Request& request, Exchange& exchange) {
    const RequestHead head = RequestHead::pick(request.headers);
    RequestId id = choose_request_id(proxies_, request.remote_address, head.request_id);
    exchange.request_id = std::move(id.text);
    exchange.cross_origin = !head.origin.empty();

    const auto route = parse_route(request.path());
    if (!route) return method_not_found(exchange.wire, "");
    exchange.format = route->format;
    if (request.method != "GET" && request.method != "POST") {
        return Error{Errc::unsupported, "Use GET or POST.", {}, "ERROR_METHOD_NOT_ALLOWED"};
    }

    const std::string_view client = proxies_.client_of(request.remote_address, head.forwarded_for);
    // A webhook's credential stands in the address: strangers are turned away before their body is parsed.
    if (route->webhook()) STOA_CHECK(identify(*route, {}, head, client, exchange));
    STOA_TRY(Parameters parameters, route->wire == api::Wire::v2 ? read_parameters(request, head.content_type)
                                                                 : read_parameters_v3(request, head.content_type));
    if (!route->webhook()) STOA_CHECK(identify(*route, parameters.auth, head, client, exchange));
    exchange.parameters = std::move(parameters.value);
    exchange.entry = methods_.find(route->wire, route->method);
    if (!exchange.entry) return method_not_found(route->wire, route->method);
    STOA_CHECK(prepare_call(exchange));
    return choose_key(head, id.taken_over, exchange);
}

/// Who calls, and whether this source may call so often.
Status Endpoint::identify(const Route& route, std::string_view auth, const RequestHead& head, std::string_view client,
                          Exchange& exchange) {
    auto identity = authenticate(authenticator_, route, auth, head);
    if (!identity && is_must_wait(identity.error())) return std::move(identity).error();
    const AccountId account =
        identity ? (*identity)->actor.account : 0;  // guesses at credentials fill a bucket of their own
    if (const int wait_s = buckets_.enter(account, client, exchange.received_us); wait_s > 0) {
        return too_many_requests(wait_s);
    }
    if (!identity) return std::move(identity).error();
    exchange.identity = std::move(*identity);
    return {};
}

Status Endpoint::prepare_call(Exchange& exchange) {
    STOA_CHECK(permit(*exchange.identity, *exchange.entry));
    if (exchange.entry->kind == MethodEntry::Kind::batch) {
        const bool v2 = exchange.wire == api::Wire::v2;
        STOA_TRY(Batch batch,
                 v2 ? parse_batch(exchange.parameters, methods_) : parse_batch_v3(exchange.parameters, methods_));
        exchange.batch = std::make_unique<Batch>(std::move(batch));
        return {};
    }
    return check_operating({services_, *exchange.identity, operating_, exchange.request_id}, *exchange.entry);
}

Status Endpoint::choose_key(const RequestHead& head, bool trusted_id, Exchange& exchange) {
    if (head.has_idempotency_key) {
        if (!is_valid_idempotency_key(head.idempotency_key)) return invalid_key();
        exchange.idempotency_key = head.idempotency_key;
    }
    const bool writes = exchange.batch ? exchange.batch->writes : exchange.entry->method->effect == api::Effect::write;
    if (!writes) return {};
    const std::string& method = exchange.entry->method->name;
    if (!exchange.idempotency_key.empty()) {
        exchange.receipt_key = idempotency_scope_key(*exchange.identity, method, exchange.idempotency_key);
    } else {
        exchange.receipt_key = receipt_key(exchange.request_id);
        if (!trusted_id) return {};  // nobody else can have used a key of our own: no digest needed
    }
    exchange.digest = request_digest(method, exchange.parameters);
    return {};
}

void Endpoint::dispatch(Exchange exchange) {
    const api::Method& method = *exchange.entry->method;
    if (!exchange.receipt_key.empty()) {
        if (FileIntake::wanted(exchange)) return take_files(std::move(exchange));
        run_write(std::make_shared<Exchange>(std::move(exchange)));
        return;
    }
    if (database_.blocks() ||
        (!exchange.batch && method.run == api::Run::io)) {  // with the former: on a worker already
        run_read(exchange);
        return;
    }
    auto shared = std::make_shared<Exchange>(std::move(exchange));
    if (!workers_.post([this, shared] { run_read(*shared); })) answer_error(*shared, overloaded(), clock_);
}

/// Puts files into the store, then goes on with the write.
void Endpoint::take_files(Exchange exchange) {
    auto shared = std::make_shared<Exchange>(std::move(exchange));
    const bool posted = workers_.post([this, shared] {
        intake_.take(shared, [this, shared](const Status& stored) {
            if (!stored) return answer_error(*shared, stored.error(), clock_);
            run_write(shared);
        });
    });
    if (!posted) answer_error(*shared, overloaded(), clock_);
}

void Endpoint::run_read(Exchange& exchange) {
    db::ReadOptions options;
    options.replica = true;
    options.snapshot = exchange.batch || exchange.entry->method->snapshot;
    const model::Actor& actor = exchange.identity->actor;
    std::string body;
    const Status status = database_.read(
        actor.account,
        [&](db::Tx& tx) -> Status {
            STOA_TRY(exchange.metadata, services_.model.metadata.load(tx));
            model::Records records(services_.model, tx, actor, exchange.metadata);
            STOA_TRY(body, produce(exchange, records, nullptr));
            return {};
        },
        options);
    if (!status && api::is_needs_write(status.error())) {
        exchange.receipt_key = receipt_key(exchange.request_id);
        return run_write(std::make_shared<Exchange>(std::move(exchange)));
    }
    if (!status && is_must_wait(status.error())) {
        auto shared = std::make_shared<Exchange>(std::move(exchange));
        if (!workers_.post([this, shared] { run_read(*shared); })) answer_error(*shared, overloaded(), clock_);
        return;
    }
    if (!status) {
        answer_error(exchange, status.error(), clock_);
        return;
    }
    answer(exchange, std::move(body), clock_);
}

void Endpoint::run_write(const std::shared_ptr<Exchange>& shared) {
    db::WriteRequest request;
    request.timeout_ms = options_.hold_ms;
    request.account = shared->identity->actor.account;
    request.key = std::move(shared->receipt_key);
    request.digest = std::move(shared->digest);
    database_.write(
        std::move(request),
        [this, shared](db::WriteTx& tx) -> Result<std::string> {
            shared->ran = true;
            STOA_TRY(shared->metadata, services_.model.metadata.load(tx));
            model::Records records(services_.model, tx, shared->identity->actor, shared->metadata);
            return produce(*shared, records, &tx);
        },
        [this, shared](Result<db::WriteOutcome> outcome) { finish_write(shared, std::move(outcome)); });
}

/// On the committing thread: what takes long goes to the pool.
void Endpoint::finish_write(const std::shared_ptr<Exchange>& exchange, Result<db::WriteOutcome> outcome) {
    if (!outcome) {
        const bool reused = outcome.error().code == Errc::conflict && !exchange->ran;
        answer_error(*exchange, reused ? key_reused() : outcome.error(), clock_);
        return;
    }
    if (outcome->replayed) {
        answer_replay(exchange, std::move(outcome->answer));
        return;
    }
    if (exchange->format == Format::xml && outcome->answer.size() > kInlineAnswerBytesMax) {
        auto text = std::make_shared<std::string>(std::move(outcome->answer));
        if (workers_.post([this, exchange, text] { answer(*exchange, std::move(*text), clock_); })) return;
        answer(*exchange, std::move(*text), clock_);
        return;
    }
    answer(*exchange, std::move(outcome->answer), clock_);
}

/// Nothing was run, so the portal's time zone is not at hand yet.
void Endpoint::answer_replay(const std::shared_ptr<Exchange>& exchange, std::string stored) {
    auto text = std::make_shared<std::string>(std::move(stored));
    const auto reply = [this, exchange, text] {
        const Status status = database_.read(exchange->identity->actor.account, [&](db::Tx& tx) -> Status {
            STOA_TRY(exchange->metadata, services_.model.metadata.load(tx));
            return {};
        });
        if (!status) log::warn("rest_replay_zone", {{"request", exchange->request_id}, {"action", "shown in UTC"}});
        answer(*exchange, std::move(*text), clock_, true);
    };
    if (!workers_.post(reply)) answer(*exchange, std::move(*text), clock_, true);
}

Result<std::string> Endpoint::produce(Exchange& exchange, model::Records& records, db::WriteTx* write_tx) {
    const CallEnvironment environment{services_, *exchange.identity, operating_, exchange.request_id, exchange.uploads};
    exchange.result = {};
    std::string out;
    out.reserve(kAnswerBytesUsual);
    const bool bare = exchange.entry->kind == MethodEntry::Kind::bare;
    if (!bare) out.append("{\"result\":");
    if (exchange.batch) {
        const std::int64_t started_us = clock_.monotonic_us();
        STOA_CHECK(exchange.wire == api::Wire::v2 ? run_batch(environment, *exchange.batch, records, write_tx, out)
                                                  : run_batch_v3(environment, *exchange.batch, records, out));
        exchange.result.processing_us = clock_.monotonic_us() - started_us;
        return out;
    }
    STOA_CHECK(run_method(environment, *exchange.entry, records, exchange.parameters, out, exchange.result));
    append_extras(out, exchange.result);
    return out;
}

}  // namespace stoa::rest
