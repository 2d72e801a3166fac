#pragma once
// Registry: all entities of the program. Filled at start by the modules, then read-only: any thread.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded_file.hpp"
#include "base/result.hpp"
#include "model/entity.hpp"
#include "model/hooks.hpp"

namespace stoa::model {

class Registry {
  public:
    Registry();
    ~Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    /// One entity from its JSON text. Errors name the entity and the key at fault.
    Status add(std::string_view json);
    /// All files whose name ends in .json.
    Status add_all(std::span<const base::EmbeddedFile> files);
    void set_hooks(std::string_view entity, std::unique_ptr<EntityHooks> hooks);

    const Entity* find(std::string_view name) const;
    const Entity& entity(std::string_view name) const;  ///< must exist (a constant of the code)
    const Entity* by_type_id(int type_id) const;        ///< built-in CRM types only; dynamic ones are in Metadata
    EntityHooks* hooks(const Entity& entity) const;     ///< dynamic entities use the hooks of "crm.dynamic"
    std::vector<const Entity*> all() const;

    /// Tables of all entities plus link tables, multifields and user fields, for Database::migrate.
    std::vector<db::TableDef> tables() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace stoa::model
