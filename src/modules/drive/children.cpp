#include "modules/drive/children.hpp"

#include "api/crud.hpp"
#include "modules/drive/answers.hpp"
#include "modules/drive/names.hpp"
#include "modules/drive/object_names.hpp"
#include "modules/drive/objects.hpp"
#include "modules/drive/rights.hpp"

namespace stoa::drive {

Status write_children(api::Call& call, RecordId folder) {
    const model::Entity& objects = call.registry().entity(kObject);
    const db::Condition here = db::Condition::all(
        {db::Condition::equals("parent_id", folder), db::Condition::equals("deleted_type", kNotDeleted)});
    bool counted = true;
    STOA_TRY(const model::Query query, api::read_query(call, objects, api::Shape::classic(), here, counted));
    STOA_TRY(const std::vector<model::Record> rows, call.records.list(objects, query));
    STOA_TRY(ObjectWriter writer, ObjectWriter::make(call));
    call.out.begin_array();
    for (const model::Record& row : rows)
        STOA_CHECK(writer.write(row));
    call.out.end_array();
    if (!counted) return {};
    STOA_TRY(call.total, call.records.count(objects, query.where));
    if (query.offset + query.limit < *call.total) call.next = query.offset + query.limit;
    return {};
}

Status make_folder(api::Call& call, const model::Record& folder) {
    const json::Value* data = call.params.find("data");
    const json::Value* given = data ? data->find_any_case("NAME") : nullptr;
    if (!given || given->as_text().value_or("").empty()) return wrong_parameter(1, "data");
    STOA_TRY(const std::string name, clean_name(*given->as_text()));
    STOA_TRY(const std::vector<Right> rights, read_rights(call));
    STOA_CHECK(check_may(call, folder, model::Operation::add));
    STOA_TRY(const RecordId id, add_folder(call, folder, name));
    STOA_CHECK(give_rights(call, id, rights));
    return answer_new_object(call, id);
}

}  // namespace stoa::drive
