#pragma once
// Shapes: how a record looks on the wire, and how client fields become Changes. Pure functions over registry data.
// classic: upper-case keys, every scalar as a string. item: camelCase, numbers as numbers. v3: native types.

#include <functional>
#include <string>
#include <vector>

#include "api/call.hpp"
#include "model/filter.hpp"
#include "model/record.hpp"

namespace stoa::api {

class FileLinks;

struct Shape {
    model::Names names = model::Names::classic;
    bool typed = false;                ///< numbers as numbers
    bool multifields_as_fm = false;    ///< crm.item: one list "fm" instead of PHONE, EMAIL, …; part of `select: *`
    bool original_uf_names = false;    ///< crm.item with useOriginalUfNames: UF_CRM_… beside the item names
    const FileLinks* files = nullptr;  ///< makes the addresses of file fields; without it they show numbers only

    static Shape classic() { return {}; }
    static Shape item() { return {.names = model::Names::item, .typed = true, .multifields_as_fm = true}; }
    static Shape v3() { return {.names = model::Names::v3, .typed = true}; }
    static Shape of(const model::EntityApi::V2& api) {
        return {.names = api.camel ? model::Names::item : model::Names::classic, .typed = api.typed};
    }
};

/// The fields an answer shows, chosen from a client's `select`.
class Selection {
  public:
    /// select null or ["*"]: all but named_only ones; "UF_*": all user fields; unknown names are ignored (v2).
    static Result<Selection> make(const model::Entity& entity, const model::UserFieldSet* user_fields, Shape shape,
                                  const json::Value* select);
    static Selection everything(const model::Entity& entity, const model::UserFieldSet* user_fields, Shape shape);

    std::vector<const model::Field*> fields;  ///< stored ones, in entity order
    std::vector<const model::UserField*> user_fields;
    std::vector<const model::Field*> links;  ///< FieldType::links
    std::vector<const model::Field*> multifields;
    bool shows_files() const;
    bool star = false;  ///< nothing was named, or "*"
    bool needs_side_tables() const { return !links.empty() || !multifields.empty(); }
};

/// What must be read beside the rows: links and multifields of a page of records.
struct SideTables {
    std::vector<std::pair<const model::Field*, std::vector<std::pair<RecordId, RecordId>>>> links;
    std::vector<model::Multifield> multifields;
};
Result<SideTables> load_side_tables(model::Records& records, const model::Entity& entity, const Selection& selection,
                                    std::span<const RecordId> ids);

/// Appends members of its own to a record's object, before it is closed.
using MoreMembers = std::function<void(const db::Row&)>;

/// Writes one record as a JSON object from a row selected with entity.all_columns_sql().
void write_record(json::Writer& out, const model::Entity& entity, const Shape& shape, const Selection& selection,
                  const SideTables& side, const db::Row& row, const TimeZone& zone, const MoreMembers& more = {});
/// The same for one value; used by special methods.
void write_value(json::Writer& out, const model::Field& field, const Shape& shape, const db::Value& value,
                 const TimeZone& zone);

/// Client fields → Changes. Unknown names are ignored in v2 and refused in v3; read-only ones are ignored.
Result<model::Changes> read_changes(const model::Entity& entity, const model::UserFieldSet* user_fields, Shape shape,
                                    const json::Value& fields, const TimeZone& zone, bool system = false);

/// "fields" descriptions: {NAME:{type,isRequired,isReadOnly,isImmutable,isMultiple,isDynamic,title}}.
void write_field_descriptions(json::Writer& out, const model::Entity& entity, const model::UserFieldSet* user_fields,
                              Shape shape, std::string_view language);

}  // namespace stoa::api
