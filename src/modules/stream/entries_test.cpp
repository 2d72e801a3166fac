// Entries that the program writes: who sees them, that there is one of each, and that an import does not fill the
// stream.

#include "modules/stream/entries.hpp"

#include "modules/stream/limits.hpp"
#include "modules/stream/testing/stream_fixture.hpp"

namespace stoa::stream {
namespace {

class EntriesTest : public testing::StreamFixture {
  protected:
    static Entry about(int task, Readers readers, const char* event = "new") {
        Entry entry;
        entry.author = 2;
        entry.source = "TASK|" + std::to_string(task);
        entry.event = event;
        entry.title = "New task";
        entry.text = "[URL=/tasks/1]T[/URL]";
        entry.readers = std::move(readers);
        return entry;
    }
    RecordId add(const Entry& entry) {
        RecordId id = -1;
        write([&](model::Records& records) -> Status {
            STOA_TRY(id, add_entry(records, entry));
            return {};
        });
        return id;
    }
    Texts seen_by(UserId user) {
        become(user);
        Texts ids = seen();
        become(2);
        return ids;
    }
};

TEST_F(EntriesTest, readers_and_the_author_see_it_and_nobody_else) {
    EXPECT_EQ(add(about(1, {{3, 3, 77}, {1}})), 1);
    EXPECT_EQ(seen_by(2), Texts{"1"});
    EXPECT_EQ(seen_by(3), Texts{"1"});
    EXPECT_EQ(seen_by(4), Texts{});
    const json::Value post = shown(1);
    EXPECT_EQ(json::to_json(*post.find("DEST")), R"(["U3","D1"])") << "each once, and those that exist";
    EXPECT_EQ(post.find("TITLE")->string(), "New task");
    EXPECT_EQ(post.find("AUTHOR_ID")->string(), "2");
    EXPECT_EQ(add(about(2, {{77}, {99}})), 0) << "nobody to read it";
    EXPECT_EQ(add(about(3, {})), 0);
}

TEST_F(EntriesTest, what_happened_to_a_thing_is_there_once) {
    EXPECT_EQ(add(about(1, {{3}, {}})), 1);
    EXPECT_EQ(add(about(1, {{3}, {}})), 1);
    EXPECT_EQ(add(about(1, {{3}, {}}, "completed")), 2);
    EXPECT_EQ(add(about(2, {{3}, {}})), 3);
    EXPECT_EQ(seen_by(3), (Texts{"3", "2", "1"}));
}

TEST_F(EntriesTest, other_readers_take_the_place_of_the_first_ones) {
    add(about(1, {{3}, {}}));
    add(about(1, {{3}, {}}, "completed"));
    add(about(2, {{3}, {}}));
    const auto readdress = [&](const Readers& readers) {
        write([&](model::Records& records) { return readdress_entries(records, "TASK|1", readers); });
    };
    readdress({{4}, {}});
    EXPECT_EQ(seen_by(3), Texts{"3"});
    EXPECT_EQ(seen_by(4), (Texts{"2", "1"}));
    pushes();
    readdress({{4}, {}});
    EXPECT_TRUE(pushes().empty()) << "nothing changed";
    readdress({});
    EXPECT_EQ(seen_by(1), Texts{"3"});
}

TEST_F(EntriesTest, it_goes_with_what_it_is_about) {
    add(about(1, {{3}, {}}));
    add(about(1, {{3}, {}}, "completed"));
    add(about(12, {{3}, {}}));
    write([](model::Records& records) { return remove_entries(records, "TASK|1"); });
    EXPECT_EQ(seen_by(3), Texts{"3"});
}

TEST_F(EntriesTest, an_author_writes_so_many_at_a_time_and_no_more) {
    const int most = static_cast<int>(limits::stream_entries_max);
    for (int task = 1; task <= most; ++task)
        EXPECT_GT(add(about(task, {{3}, {}})), 0) << task;
    EXPECT_EQ(add(about(most + 1, {{3}, {}})), 0);
    Entry other = about(most + 1, {{3}, {}});
    other.author = 4;
    EXPECT_GT(add(other), 0);
    clock.advance_s(limits::stream_entries_window_s + 1);
    EXPECT_GT(add(about(most + 2, {{3}, {}})), 0);
}

TEST_F(EntriesTest, it_has_so_many_readers_as_a_post_and_no_more) {
    std::vector<UserId> users;
    for (std::size_t n = 0; n < limits::stream_destinations_max; ++n)
        users.push_back(add_row("user", {{"NAME", std::string("X")}}));
    EXPECT_EQ(add(about(1, {users, {}})), 1);
    EXPECT_EQ(shown(1).find("DEST")->items().size(), limits::stream_destinations_max);
    EXPECT_EQ(add(about(2, {users, {1}})), 2);
    EXPECT_EQ(shown(2).find("DEST")->items().size(), limits::stream_destinations_max);
}

}  // namespace
}  // namespace stoa::stream
