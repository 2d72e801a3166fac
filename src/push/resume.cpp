#include "push/resume.hpp"

#include <algorithm>

#include "push/subscriber.hpp"

namespace stoa::push {
namespace {

bool goes_to(const Entry& entry, const std::string& route) {
    return std::find(entry.routes.begin(), entry.routes.end(), route) != entry.routes.end();
}

bool hears(const Session& session, const Entry& entry) {
    return std::any_of(session.routes.begin(), session.routes.end(),
                       [&](const std::string& route) { return goes_to(entry, route); });
}

Resumed everything_lacks(const Session& session) {
    Resumed out{.recovered = false};
    for (const WatchedTag& tag : session.tags)
        out.lacking.push_back(tag.route);
    return out;
}

}  // namespace

Resumed resume(const History& history, const Session& session, const std::function<void(const EntryPtr&)>& missed) {
    if (session.after && !history.reaches(*session.after)) return everything_lacks(session);
    Resumed out;
    Position oldest = session.after.value_or(history.top());
    std::vector<const WatchedTag*> placed;  // with a position that is known
    for (const WatchedTag& tag : session.tags) {
        if (!tag.after) continue;
        if (!history.reaches(*tag.after)) {
            out.lacking.push_back(tag.route);
            continue;
        }
        placed.push_back(&tag);
        oldest = std::min(oldest, *tag.after);
    }
    history.read_after(oldest, [&](const EntryPtr& entry) {
        if (session.after && entry->position > *session.after) {
            if (hears(session, *entry)) missed(entry);
            return;
        }
        bool wanted = false;
        for (const WatchedTag* tag : placed) {
            if (entry->position <= *tag->after || !goes_to(*entry, tag->route)) continue;
            wanted = true;
            const bool told = std::find(out.lacking.begin(), out.lacking.end(), tag->route) != out.lacking.end();
            if (session.after && !told) out.lacking.push_back(tag->route);
        }
        if (wanted && !session.after) missed(entry);
    });
    return out;
}

}  // namespace stoa::push
