#include "cache/causal_database.hpp"

#include <atomic>

namespace stoa::cache {
namespace {

constexpr std::int64_t kLooksForReplicasUs = 30'000'000;  ///< since its start; longer than finding them takes

class CausalDatabase final : public db::Database {
  public:
    CausalDatabase(std::unique_ptr<db::Database> database, std::shared_ptr<CausalTokens> tokens, const Clock& clock)
        : database_(std::move(database)),
          tokens_(std::move(tokens)),
          clock_(clock),
          looks_until_us_(clock.monotonic_us() + kLooksForReplicasUs) {}

    Status read(AccountId account, FunctionRef<Status(db::Tx&)> fn, const db::ReadOptions& options) override {
        if (!options.replica || !database_->has_replicas()) return database_->read(account, fn, options);
        db::ReadOptions causal = options;
        if (auto token = tokens_->token_of(account)) {
            causal.at_least =
                options.at_least.empty() ? std::move(*token) : merge_causal_tokens(options.at_least, *token);
        } else {
            causal.replica = false;
        }
        return database_->read(account, fn, causal);
    }

    void write(db::WriteRequest request, db::WriteFn fn, db::WriteDone done) override {
        const AccountId account = request.account;
        auto publish = [this, account, done = std::move(done)](Result<db::WriteOutcome> outcome) {
            if (!outcome || outcome->token.empty() || !others_may_read_replicas()) return done(std::move(outcome));
            const db::CommitToken token = outcome->token;
            auto kept = std::make_shared<Result<db::WriteOutcome>>(std::move(outcome));
            tokens_->publish(account, token, [this, token, done, kept](bool stored) {
                if (stored) return done(std::move(*kept));
                // The store may be out of reach for this process alone, and others go on reading what they know.
                database_->when_replicas_have(token, [done, kept] { done(std::move(*kept)); });
            });
        };
        database_->write(std::move(request), std::move(fn), std::move(publish));
    }

    Status look_up(db::LookUpFn fn) override { return database_->look_up(fn); }
    Status write_each(const std::function<Status(db::WriteTx&)>& fn) override { return database_->write_each(fn); }
    Status migrate(const std::vector<db::Migration>& steps, const std::vector<db::TableDef>& tables) override {
        return database_->migrate(steps, tables);
    }
    Status change_schema(const std::vector<std::string>& statements) override {
        return database_->change_schema(statements);
    }
    db::DatabaseStats stats() const override { return database_->stats(); }
    bool blocks() const override { return database_->blocks(); }
    bool has_replicas() const override { return database_->has_replicas(); }
    void close() override { database_->close(); }

  private:
    /// That this process sees none, now or yet, does not say that the others see none.
    bool others_may_read_replicas() {
        if (seen_replicas_.load(std::memory_order_relaxed)) return true;
        if (database_->has_replicas()) seen_replicas_ = true;
        return seen_replicas_ || clock_.monotonic_us() < looks_until_us_;
    }

    std::unique_ptr<db::Database> database_;
    std::shared_ptr<CausalTokens> tokens_;
    const Clock& clock_;
    const std::int64_t looks_until_us_;
    std::atomic<bool> seen_replicas_{false};
};

}  // namespace

std::unique_ptr<db::Database> make_causal_database(std::unique_ptr<db::Database> database,
                                                   std::shared_ptr<CausalTokens> tokens, const Clock& clock) {
    return std::make_unique<CausalDatabase>(std::move(database), std::move(tokens), clock);
}

}  // namespace stoa::cache
