#include "modules/chat/message_page.hpp"

#include <algorithm>
#include <set>

#include "modules/chat/limits.hpp"
#include "modules/chat/names.hpp"

namespace stoa::chat {

using model::Record;

namespace {

/// "params" is an object, or [] when there is nothing in it: begins it when the first member comes.
class ParamsWriter {
  public:
    explicit ParamsWriter(json::Writer& out) : out_(out) {}
    json::Writer& key(std::string_view name) {
        if (!begun_) out_.begin_object();
        begun_ = true;
        return out_.key(name);
    }
    void ids(std::string_view name, const std::vector<std::int64_t>& ids) {
        key(name).begin_array();
        for (const std::int64_t id : ids)
            out_.integer(id);
        out_.end_array();
    }
    void finish() { begun_ ? out_.end_object() : out_.begin_array().end_array(); }

  private:
    json::Writer& out_;
    bool begun_ = false;
};

}  // namespace

Status MessagePage::load(std::vector<Record> messages) {
    messages_ = std::move(messages);
    STOA_CHECK(load_answered());
    return load_around();
}

Status MessagePage::load_answered() {
    std::set<RecordId> wanted;
    for (const Record& message : messages_) {
        if (const RecordId id = message.integer("REPLY_ID"); id > 0) wanted.insert(id);
    }
    for (const Record& message : messages_)
        wanted.erase(message.id());
    if (wanted.empty()) return {};
    model::Query query;
    query.where = db::Condition::all({db::Condition::in("id", {wanted.begin(), wanted.end()}),
                                      db::Condition::equals("chat_id", dialog_.id()),
                                      db::Condition::compare("id", db::Condition::Op::ge, dialog_.first_visible())});
    query.limit = static_cast<std::int64_t>(wanted.size());
    STOA_TRY(answered_, call_.records.as_system().list(call_.registry().entity(kMessage), query));
    return {};
}

Status MessagePage::load_around() {
    std::vector<UserId> users;
    std::vector<RecordId> ids;
    std::set<RecordId> files;
    for (const auto* list : {&messages_, &answered_}) {
        for (const Record& message : *list) {
            ids.push_back(message.id());
            users.push_back(message.integer("AUTHOR_ID"));
            for (const RecordId file : files_of(message)) {
                if (files.size() < limits::files_per_page_max) files.insert(file);
            }
        }
    }
    STOA_CHECK(files_.load({files.begin(), files.end()}));
    STOA_CHECK(reactions_.load(ids));
    for (const UserId author : files_.authors())
        users.push_back(author);
    return people_.load(users);
}

Status MessagePage::write(Keys people_keys) const {
    write_list("messages", messages_);
    call_.out.key("users");
    people_.write_all(people_keys);
    call_.out.key("files");
    STOA_CHECK(files_.write_all(dialog_.id(), people_));
    write_list("additionalMessages", answered_);
    return {};
}

void MessagePage::write_list(std::string_view key, const std::vector<Record>& messages) const {
    call_.out.key(key).begin_array();
    for (const Record& message : messages)
        write_message(message);
    call_.out.end_array();
}

void MessagePage::write_message(const Record& message) const {
    json::Writer& out = call_.out;
    const bool system = message.integer("SYSTEM") != 0;
    const RecordId read = dialog_.member ? dialog_.member->integer("LAST_READ_ID") : message.id();
    const bool own = message.integer("AUTHOR_ID") == call_.actor().user;
    out.begin_object().field("id", message.id()).field("chat_id", dialog_.id());
    out.field("author_id", system ? UserId{0} : message.integer("AUTHOR_ID"));
    write_time(call_, out, "date", message.integer("DATE_CREATE"));
    out.field("text", message.text("TEXT"));
    out.field("unread", message.id() > read && !own && message.integer("SILENT") == 0);
    out.key("uuid");
    message.is_null("CLIENT_ID") ? out.null() : out.text(message.text("CLIENT_ID"));
    out.key("replaces").begin_array().end_array().key("params");
    write_params(message);
    out.key("disappearing_date").null().end_object();
}

void MessagePage::write_params(const Record& message) const {
    ParamsWriter params(call_.out);
    if (const std::string code = message.text("CODE"); !code.empty()) {
        params.key("CODE").begin_array().text(code).end_array();
    }
    if (message.integer("SILENT") != 0) params.key("NOTIFY").text("N");
    if (message.integer("EDITED") != 0) params.key("IS_EDITED").text("Y");
    if (message.integer("DELETED") != 0) params.key("IS_DELETED").text("Y");
    if (message.integer("URL_PREVIEW") == 0) params.key("URL_PREVIEW").text("N");
    if (const RecordId reply = message.integer("REPLY_ID"); reply > 0) params.key("REPLY_ID").integer(reply);
    std::vector<RecordId> files = files_of(message);
    std::erase_if(files, [&](RecordId file) { return !files_.has(file); });
    if (!files.empty()) params.ids("FILE_ID", files);
    if (!reactions_.empty(message.id())) {
        params.ids("LIKE", reactions_.users(message.id()));
        reactions_.write(params.key("REACTIONS"), message.id());
    }
    for (const char* name : {"ATTACH", "KEYBOARD", "MENU"}) {
        if (!message.is_null(name)) params.key(name).raw(message.text(name));
    }
    params.finish();
}

}  // namespace stoa::chat
