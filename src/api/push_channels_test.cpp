// Names of channels are signed: only what was signed opens, and only in its time.

#include "api/push_channels.hpp"

#include <gtest/gtest.h>

namespace stoa::api {
namespace {

constexpr UnixSeconds kNow = 1'780'000'000;
using Kind = PushChannel::Kind;

PushChannel channel(Kind kind, std::string app = {}) {
    return {.kind = kind, .account = 12, .user = 17, .expires_at = kNow + 60, .app = std::move(app)};
}

TEST(PushChannels, ANameOpensAsWhatWasSigned) {
    const PushChannels channels("a key of some length");
    for (const Kind kind : {Kind::user, Kind::account, Kind::open, Kind::app_user, Kind::app}) {
        const auto opened = channels.open(channels.sign(channel(kind, PushChannel::app_of("local.1"))), kNow);
        ASSERT_TRUE(opened.ok());
        EXPECT_EQ(opened->kind, kind);
        EXPECT_EQ(opened->account, 12);
        EXPECT_EQ(opened->user, 17);
        EXPECT_EQ(opened->expires_at, kNow + 60);
        EXPECT_EQ(opened->app, PushChannel::app_of("local.1"));
    }
    EXPECT_EQ(channels.open(channels.sign(channel(Kind::user)), kNow)->app, "");
    EXPECT_NE(PushChannel::app_of("local.1"), PushChannel::app_of("local.2"));
}

TEST(PushChannels, AForgedNameDoesNotOpen) {
    const PushChannels channels("a key of some length");
    const std::string name = channels.sign(channel(Kind::user));
    for (std::size_t i = 0; i < name.size(); ++i) {
        std::string forged = name;
        forged[i] = forged[i] == '1' ? '2' : '1';
        // The last digit of base64url has bits that stand for nothing, but it is compared as text.
        EXPECT_EQ(channels.open(forged, kNow).error().code, Errc::forbidden) << forged;
    }
    EXPECT_EQ(PushChannels("another key").open(name, kNow).error().code, Errc::forbidden);
    for (const char* text : {"", ".", "u", "u.x", "u12-17-1780000060", ".u12-17-1780000060"})
        EXPECT_EQ(channels.open(text, kNow).error().code, Errc::forbidden) << text;
    EXPECT_EQ(channels.open(std::string(100'000, 'u') + "." + name, kNow).error().code, Errc::forbidden);
}

TEST(PushChannels, ANameEndsWithItsTime) {
    const PushChannels channels("a key of some length");
    const std::string name = channels.sign(channel(Kind::user));
    EXPECT_TRUE(channels.open(name, kNow + 59).ok());
    EXPECT_EQ(channels.open(name, kNow + 60).error().code, Errc::conflict);
}

}  // namespace
}  // namespace stoa::api
