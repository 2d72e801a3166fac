#include "cache/causal_database.hpp"

namespace stoa::cache {
namespace {

class CausalDatabase final : public db::Database {
  public:
    CausalDatabase(std::unique_ptr<db::Database> database, std::shared_ptr<CausalTokens> tokens)
        : database_(std::move(database)), tokens_(std::move(tokens)) {}

    Status read(AccountId account, FunctionRef<Status(db::Tx&)> fn, const db::ReadOptions& options) override {
        if (!options.replica || !database_->has_replicas()) return database_->read(account, fn, options);
        db::ReadOptions causal = options;
        if (auto token = tokens_->tokens_of_and_wait(account)) {
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
            if (!outcome || outcome->token.empty() || !database_->has_replicas()) return done(std::move(outcome));
            const db::CommitToken token = outcome->token;
            auto kept = std::make_shared<Result<db::WriteOutcome>>(std::move(outcome));
            // Not stored: other processes learn from their own look-ups that the store is away, and use the primary.
            tokens_->publish(account, token, [done, kept](bool) { done(std::move(*kept)); });
        };
        database_->write(std::move(request), std::move(fn), std::move(publish));
    }

    Status look_up(db::LookUpFn fn) override { return database_->look_up(fn); }
    Status write_each(const std::function<Status(db::WriteTx&)>& fn) override { return database_->write_each(fn); }
    Status migrate(const std::vector<db::Migration>& steps, const std::vector<db::TableDef>& tables) override {
        return database_->migrate(steps, tables);
    }
    db::DatabaseStats stats() const override { return database_->stats(); }
    bool blocks() const override { return database_->blocks(); }
    bool has_replicas() const override { return database_->has_replicas(); }
    void close() override { database_->close(); }

  private:
    std::unique_ptr<db::Database> database_;
    std::shared_ptr<CausalTokens> tokens_;
};

}  // namespace

std::unique_ptr<db::Database> make_causal_database(std::unique_ptr<db::Database> database,
                                                   std::shared_ptr<CausalTokens> tokens) {
    return std::make_unique<CausalDatabase>(std::move(database), std::move(tokens));
}

}  // namespace stoa::cache
