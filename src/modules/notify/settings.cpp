#include "modules/notify/settings.hpp"

#include <algorithm>

#include "json/parse.hpp"
#include "modules/notify/kinds.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/names.hpp"

namespace stoa::notify {

namespace {

constexpr std::int64_t kDay_s = 86'400;
constexpr const char* kChannelNames[] = {"site", "mail", "push"};

/// The nearest rule that says anything about the channel.
bool choose(const json::Value& stored, const std::vector<std::string>& keys, const char* channel, bool otherwise) {
    for (const std::string& key : keys) {
        const json::Value* rule = stored.find(key);
        const json::Value* value = rule ? rule->find(channel) : nullptr;
        if (value) return value->as_bool().value_or(otherwise);
    }
    return otherwise;
}

Status check_channels(const std::string& text) {
    const auto parsed = json::parse(text);
    if (parsed && parsed->is_array() && parsed->array().empty()) return {};  // an empty map, as PHP clients send it
    if (!parsed || !parsed->is_object()) return invalid("CHANNELS must be an object of kinds.", "CHANNELS");
    if (parsed->object().size() > limits::notify_settings_kinds_max) {
        return Error{Errc::too_large,
                     "CHANNELS may name " + std::to_string(limits::notify_settings_kinds_max) + " kinds at most.",
                     "CHANNELS"};
    }
    for (const auto& [kind, rule] : parsed->object()) {
        if (kind.empty() || kind.size() > limits::notify_settings_kind_bytes_max || !rule.is_object()) {
            return invalid("CHANNELS must look like {\"tasks|comment\": {\"mail\": false}}.", "CHANNELS");
        }
        for (const auto& [channel, on] : rule.object()) {
            const bool known =
                std::find(std::begin(kChannelNames), std::end(kChannelNames), channel) != std::end(kChannelNames);
            if (!known || !on.as_bool()) {
                return invalid("A kind in CHANNELS has site, mail and push, each true or false.", "CHANNELS");
            }
        }
    }
    return {};
}

Status check_quiet(const model::SaveContext& context) {
    const auto after = [&](const char* name) -> const db::Value* {
        if (const db::Value* given = context.changes.find(name)) return given;
        return context.before ? &context.before->value(context.entity.field(name)) : nullptr;
    };
    int given = 0;
    for (const char* name : {"QUIET_FROM", "QUIET_TO"}) {
        const db::Value* value = after(name);
        const auto* seconds = value ? std::get_if<std::int64_t>(value) : nullptr;
        if (!seconds) continue;
        ++given;
        if (*seconds < 0 || *seconds >= kDay_s) {
            return invalid(std::string(name) + " must be 0 to 86399 seconds.", name);
        }
    }
    if (given == 1) return invalid("QUIET_FROM and QUIET_TO are given together.", "QUIET_TO");
    return {};
}

class SettingsHooks final : public model::EntityHooks {
  public:
    Status before_save(model::SaveContext& context) override {
        if (const std::string channels = context.changes.text("CHANNELS"); !channels.empty()) {
            STOA_CHECK(check_channels(channels));
        }
        return check_quiet(context);
    }
};

}  // namespace

Channels channels_of(const json::Value& stored, std::string_view module, std::string_view event) {
    const std::string of_module(module);
    const std::vector<std::string> keys{of_module + "|" + std::string(event), of_module, "*"};
    const Kind* kind = find_kind(module, event);
    return {choose(stored, keys, "site", true), choose(stored, keys, "mail", kind != nullptr && kind->mail),
            choose(stored, keys, "push", true)};
}

std::optional<UnixSeconds> quiet_until(const QuietHours& hours, UnixSeconds now, const TimeZone& zone) {
    if (hours.from_s == hours.to_s) return std::nullopt;
    const std::int64_t local_s = now + zone.offset_s(now);
    const std::int64_t second = ((local_s % kDay_s) + kDay_s) % kDay_s;
    const std::int64_t midnight_s = local_s - second;
    if (hours.from_s < hours.to_s) {
        if (second < hours.from_s || second >= hours.to_s) return std::nullopt;
        return zone.from_local(midnight_s + hours.to_s);
    }
    if (second < hours.to_s) return zone.from_local(midnight_s + hours.to_s);
    if (second >= hours.from_s) return zone.from_local(midnight_s + kDay_s + hours.to_s);
    return std::nullopt;
}

Result<Delivery> delivery_for(model::Records& records, const model::Record& receiver, std::string_view module,
                              std::string_view event) {
    const model::Entity& entity = records.services().registry.entity(kSettings);
    model::Query query;
    query.where = db::Condition::equals(entity.field("USER_ID").column, receiver.id());
    query.limit = 1;
    STOA_TRY(const std::vector<model::Record> rows, records.as_system().list(entity, query));
    json::Value stored;
    QuietHours hours;
    if (!rows.empty()) {
        if (auto parsed = json::parse(rows.front().text("CHANNELS"))) stored = std::move(*parsed);
        hours = {rows.front().integer("QUIET_FROM"), rows.front().integer("QUIET_TO")};
    }
    const Channels channels = channels_of(stored, module, event);
    auto zone = records.metadata().account.time_zone;
    if (auto own = find_time_zone(receiver.text("TIME_ZONE"))) zone = *own;
    const UnixSeconds now = records.services().clock.now();
    const std::optional<UnixSeconds> quiet = quiet_until(hours, now, *zone);
    Delivery delivery;
    delivery.site = channels.site;
    delivery.silent = !channels.push || quiet.has_value();
    if (channels.mail) delivery.mail_due = std::max(now + limits::notify_mail_delay_s, quiet.value_or(0));
    return delivery;
}

std::unique_ptr<model::EntityHooks> make_settings_hooks() {
    return std::make_unique<SettingsHooks>();
}

}  // namespace stoa::notify
