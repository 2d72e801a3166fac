// Large files in parts: each part durable, any of them again without harm, the whole once.

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "rest/files/testing/files_fixture.hpp"
#include "rest/files/upload_limits.hpp"
#include "rest/files/upload_record.hpp"

namespace stoa::rest::testing {
namespace {

class UploadPartsTest : public FilesFixture {
  protected:
    void SetUp() override {
        RestOptions options;
        options.files.folder = temporary.path();
        open_files(std::move(options));
        ASSERT_EQ(upload("a", "makes the key").status, 200);
        address_ = new_address();
    }
    std::string new_address(std::int64_t age_s = 0) {
        json::Object parameters;
        parameters.set("title", "in parts");
        return links(system_clock().now() - age_s).upload(1, "test.upload", std::move(parameters)) + "&name=whole.bin";
    }
    Reply part(std::size_t begin, std::string_view bytes, std::size_t total, Headers headers = {}) {
        headers.emplace_back("Content-Range", "bytes " + std::to_string(begin) + "-" +
                                                  std::to_string(begin + bytes.size() - 1) + "/" +
                                                  std::to_string(total));
        return send("PUT", address_, bytes, headers);
    }
    Reply ask(std::size_t total, Headers headers = {}) {
        headers.emplace_back("Content-Range", "bytes */" + std::to_string(total));
        return send("PUT", address_, {}, headers);
    }
    static std::string digest(const std::string& content) {
        std::string bytes;
        const std::string hex = sha256_hex(content);
        for (std::size_t i = 0; i < hex.size(); i += 2)
            bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
        return "sha-256=:" + base64_encode(bytes) + ":";
    }

    fixture::TempDir temporary;
    std::string address_;
};

TEST_F(UploadPartsTest, parts_become_one_file_and_the_last_one_gets_the_answer) {
    EXPECT_EQ(ask(10).status, 308);
    EXPECT_EQ(ask(10).header("Range"), "") << "nothing is there yet";
    const Reply first = part(0, "0123", 10);
    EXPECT_EQ(first.status, 308);
    EXPECT_EQ(first.header("Range"), "bytes=0-3");
    EXPECT_EQ(ask(10).header("Range"), "bytes=0-3");
    EXPECT_EQ(part(4, "45", 10).header("Range"), "bytes=0-5");
    const Reply last = part(6, "6789", 10);
    ASSERT_EQ(last.status, 200) << last.body;
    EXPECT_EQ(last.at("result", "bytes"), "10");
    EXPECT_EQ(last.at("result", "name"), "\"whole.bin\"");
    EXPECT_EQ(get(target_of(last)).body, "0123456789");
    EXPECT_EQ(rows("files"), 2);
}

TEST_F(UploadPartsTest, any_part_may_come_again_and_the_answer_too) {
    part(0, "0123", 8);
    EXPECT_EQ(part(0, "0123", 8).header("Range"), "bytes=0-3");
    const Reply last = part(4, "4567", 8);
    ASSERT_EQ(last.status, 200) << last.body;
    for (const Reply& again : {part(4, "4567", 8), ask(8), part(0, "0123", 8)}) {
        EXPECT_EQ(again.status, 200);
        EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
        EXPECT_EQ(again.at("result", "id"), last.at("result", "id"));
    }
    EXPECT_EQ(books(), 2);
}

TEST_F(UploadPartsTest, a_part_behind_a_gap_changes_nothing) {
    part(0, "01", 10);
    EXPECT_EQ(part(5, "56789", 10).header("Range"), "bytes=0-1");
    EXPECT_EQ(ask(10).header("Range"), "bytes=0-1");
}

TEST_F(UploadPartsTest, the_same_part_from_two_at_once_counts_once) {
    const std::string bytes(200'000, 'x');
    for (std::size_t i = 0; i < 5; ++i) {
        std::thread other([&] { EXPECT_NE(part(i * bytes.size(), bytes, 5 * bytes.size()).status, 500); });
        part(i * bytes.size(), bytes, 5 * bytes.size());
        other.join();
    }
    const Reply done = ask(5 * bytes.size());
    ASSERT_EQ(done.status, 200) << done.body;
    EXPECT_EQ(get(target_of(done)).body, std::string(1'000'000, 'x'));
    EXPECT_EQ(books(), 2);
}

TEST_F(UploadPartsTest, digests_are_compared) {
    EXPECT_EQ(part(0, "0123", 8, {{"Content-Digest", digest("other")}}).status, 400);
    EXPECT_EQ(ask(8).header("Range"), "");
    EXPECT_EQ(part(0, "0123", 8, {{"Content-Digest", digest("0123")}, {"Repr-Digest", digest("01234567")}}).status,
              308);
    EXPECT_EQ(part(4, "4567", 8).status, 200);

    address_ = new_address(60);
    part(0, "0123", 8, {{"Repr-Digest", digest("01234567")}});
    const Reply wrong = part(4, "xxxx", 8);
    EXPECT_EQ(wrong.status, 400) << wrong.body;
    EXPECT_EQ(wrong.at("error"), "\"ERROR_DIGEST\"");
    EXPECT_EQ(ask(8).header("Range"), "") << "it begins anew";
    EXPECT_EQ(books(), 2);
}

TEST_F(UploadPartsTest, what_does_not_fit_together_is_refused) {
    const auto status = [&](const char* range, const char* body) {
        return send("PUT", address_, body, {{"Content-Range", range}}).status;
    };
    EXPECT_EQ(status("bytes 0-3/8", "01234"), 400);
    EXPECT_EQ(status("bytes 0-3/8", "0"), 400);
    EXPECT_EQ(status("bytes */8", "0"), 400);
    EXPECT_EQ(status("nonsense", "0"), 400);
    part(0, "0123", 8);
    EXPECT_EQ(part(4, "4567", 9).status, 400) << "another total";
    EXPECT_EQ(send("GET", address_, {}, {{"Content-Range", "bytes */8"}}).status, 405);
    EXPECT_EQ(send("PUT", address_ + "x", {}, {{"Content-Range", "bytes */8"}}).status, 308) << "only its name differs";
    EXPECT_EQ(part(4, "4567", 8).status, 200);
}

TEST_F(UploadPartsTest, an_upload_that_was_begun_in_time_may_outlive_its_address) {
    address_ = new_address(limits::upload_link_lifetime_s - 2);
    EXPECT_EQ(part(0, "0123", 8).status, 308);
    std::this_thread::sleep_for(std::chrono::milliseconds(3'100));
    EXPECT_EQ(part(4, "4567", 8).status, 200);
    address_ = new_address(limits::upload_link_lifetime_s + 1);
    EXPECT_EQ(part(0, "0123", 8).status, 403);
}

TEST_F(UploadPartsTest, the_number_of_parts_is_bounded) {
    const std::size_t most = limits::upload_parts_max;
    write([&](model::Records& records) -> Status {
        for (std::size_t i = 0; i < most; ++i) {
            const UploadPart one{{false, i, i + 1, most + 1}, "aa/bb", "", ""};
            STOA_TRY([[maybe_unused]] const UploadRecord record, take_part(records.write_tx(), "t", one, 1'000));
        }
        const UploadPart more{{false, most, most + 1, most + 1}, "aa/bb", "", ""};
        const auto refused = take_part(records.write_tx(), "t", more, 1'000);
        EXPECT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, Errc::too_large);
        return {};
    });
}

TEST_F(UploadPartsTest, unfinished_uploads_of_an_account_are_bounded_in_number_and_bytes) {
    const auto begin = [](db::WriteTx& tx, const std::string& token, std::uint64_t total) {
        return take_part(tx, token, {{false, 0, 1, total}, "aa/bb", "", ""}, 1'000);
    };
    write([&](model::Records& records) -> Status {
        db::WriteTx& tx = records.write_tx();
        for (int i = 0; i < limits::uploads_unfinished_max; ++i)
            EXPECT_TRUE(begin(tx, "t" + std::to_string(i), 2).ok());
        EXPECT_EQ(begin(tx, "more", 2).error().code, Errc::busy);
        STOA_CHECK(forget_upload(tx, "t0"));
        EXPECT_TRUE(begin(tx, "more", 2).ok());
        for (int i = 0; i < limits::uploads_unfinished_max; ++i)
            STOA_CHECK(forget_upload(tx, "t" + std::to_string(i)));
        STOA_CHECK(forget_upload(tx, "more"));
        const auto most = static_cast<std::uint64_t>(limits::uploads_unfinished_bytes_max);
        for (std::uint64_t i = 0; i * limits::upload_bytes_max < most; ++i)
            EXPECT_TRUE(begin(tx, "b" + std::to_string(i), limits::upload_bytes_max).ok());
        EXPECT_EQ(begin(tx, "more", 1).error().code, Errc::busy);
        return {};
    });
}

TEST_F(UploadPartsTest, an_unfinished_upload_is_forgotten_in_time) {
    part(0, "0123", 8);
    EXPECT_EQ(rows("rest_uploads"), 1);
    const UnixSeconds now = system_clock().now();
    EXPECT_EQ(purge_uploads(*database, registry, now + limits::upload_lifetime_s - 60, 10).value_or(-1), 0);
    EXPECT_EQ(purge_uploads(*database, registry, now + limits::upload_lifetime_s + 60, 10).value_or(-1), 1);
    EXPECT_EQ(rows("rest_uploads"), 0);
    EXPECT_EQ(rows("file_blobs"), 1) << "its bytes go with those that nothing names";
}

TEST_F(UploadPartsTest, without_a_store_a_part_is_refused_and_comes_again) {
    store->close();
    const Reply refused = part(0, "0123", 8);
    EXPECT_EQ(refused.status, 503);
    EXPECT_NE(refused.header("Retry-After"), "");
    EXPECT_EQ(ask(8).header("Range"), "");
}

}  // namespace
}  // namespace stoa::rest::testing
