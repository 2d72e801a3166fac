#include "app/probe/chat_pages.hpp"

#include <algorithm>

#include "app/probe/answers.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

constexpr std::size_t kPage = 50;
constexpr int kPagesMax = 20'000;

/// The page that the parameters ask for, oldest first.
std::optional<std::vector<StoredMessage>> read_page(Asker& asker, std::string parameters) {
    std::vector<StoredMessage> page;
    const bool done =
        asker.read("im.dialog.messages.get", std::move(parameters), [&](const json::Value& body) -> std::string {
            const json::Value* result = body.find("result");
            if (!result || !result->find("messages")) return "there are no messages in it";
            for (const json::Value* row : rows_of(body, "messages"))
                page.push_back({number_of(*row, "id"), text_of(*row, "uuid")});
            return {};
        });
    if (!done) return std::nullopt;
    std::sort(page.begin(), page.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return page;
}

}  // namespace

std::optional<std::vector<StoredMessage>> read_dialog(Asker& asker, std::int64_t peer, RecordId behind) {
    std::vector<StoredMessage> all;
    for (int i = 0; i < kPagesMax; ++i) {
        std::string parameters;
        json::Writer out(parameters);
        out.begin_object().field("DIALOG_ID", std::to_string(peer)).field("FIRST_ID", behind);
        out.field("LIMIT", static_cast<std::int64_t>(kPage)).end_object();
        const auto page = read_page(asker, std::move(parameters));
        if (!page) return std::nullopt;
        all.insert(all.end(), page->begin(), page->end());
        if (page->size() < kPage) return all;
        behind = page->back().id;
    }
    return all;
}

std::optional<RecordId> newest_message(Asker& asker, std::int64_t peer) {
    std::string parameters;
    json::Writer out(parameters);
    out.begin_object().field("DIALOG_ID", std::to_string(peer)).field("LIMIT", 1).end_object();
    const auto page = read_page(asker, std::move(parameters));
    if (!page) return std::nullopt;
    return page->empty() ? RecordId{0} : page->back().id;
}

}  // namespace stoa::app::probe
