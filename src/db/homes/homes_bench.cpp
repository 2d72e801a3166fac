// What it costs to ask where an account lives: a point read and a write, straight and through Homes.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "base/log.hpp"
#include "db/homes/homes.hpp"

namespace {

using namespace stoa;
using namespace stoa::db;

struct Stores {
    Stores() {
        log::configure(log::Level::off, log::Format::logfmt);
        std::string pattern = (std::filesystem::temp_directory_path() / "stoa-homes-bench-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) std::abort();
        folder = pattern;
        SqliteOptions options;
        options.path = folder + "/a.db";
        straight = std::move(*open_sqlite(options));
        homes = std::move(*Homes::open(std::move(*open_sqlite(options)), options.path, [](const HomeAddress&) {
            return Result<std::unique_ptr<Database>>(Error{Errc::unavailable, "none"});
        }));
        const std::vector<TableDef> tables{{"deal", {{"id"}, {"title", ColumnType::varchar}}, {"id"}, {}}};
        if (!homes->migrate({}, tables)) std::abort();
        const auto filled = straight->write_and_wait({.account = 1}, [](WriteTx& tx) -> Result<std::string> {
            for (std::int64_t id = 1; id <= 10'000; ++id) {
                const Assignment row[] = {{"id", id}, {"title", std::string("deal")}};
                STOA_CHECK(tx.insert("deal", row));
            }
            return std::string();
        });
        if (!filled) std::abort();
    }
    ~Stores() {
        homes->close();
        straight->close();
        std::filesystem::remove_all(folder);
    }
    Database& pick(bool through_homes) { return through_homes ? *homes : *straight; }

    std::string folder;
    std::unique_ptr<Database> straight;
    std::unique_ptr<Homes> homes;
};

Stores& stores() {
    static Stores instance;
    return instance;
}

void point_read(benchmark::State& state) {
    Database& database = stores().pick(state.range(0) != 0);
    std::int64_t id = 0;
    for (auto unused : state) {
        Select select;
        select.table = "deal";
        select.columns_sql = "id,title";
        select.where = Condition::equals("id", ++id % 10'000 + 1);
        select.limit = 1;
        const Status read =
            database.read(1, [&](Tx& tx) { return tx.select(select, [](const Row&) { return false; }); });
        if (!read) state.SkipWithError("read");
    }
}
BENCHMARK(point_read)->Arg(0)->Arg(1)->ArgName("homes");

/// Many at once, so that the fsync does not hide the rest.
void write_group(benchmark::State& state) {
    Database& database = stores().pick(state.range(0) != 0);
    constexpr int kTogether = 200;
    for (auto unused : state) {
        std::atomic<int> left{kTogether};
        for (int i = 0; i < kTogether; ++i) {
            database.write(
                {.account = 1},
                [i](WriteTx& tx) -> Result<std::string> {
                    const Assignment change[] = {{"title", std::string("changed")}};
                    STOA_CHECK(tx.update("deal", change, Condition::equals("id", std::int64_t{i} + 1)));
                    return std::string();
                },
                [&left](Result<WriteOutcome>) { --left; });
        }
        while (left > 0) {
        }
    }
    state.SetItemsProcessed(state.iterations() * kTogether);
}
BENCHMARK(write_group)->Arg(0)->Arg(1)->ArgName("homes")->UseRealTime();

}  // namespace
