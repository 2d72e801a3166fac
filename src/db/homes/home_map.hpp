#pragma once
// HomeMap: what a process knows about where accounts live. Made once, then only read: any thread.

#include <map>
#include <string>
#include <vector>

#include "db/database.hpp"
#include "db/homes/home_table.hpp"

namespace stoa::db {

struct HomeMap {
    Database* local = nullptr;
    std::vector<HomeRow> local_rows;  ///< of the table `homes` of the store at hand, to see whether it changed
    HomeAddress directory_address;    ///< empty: the store at hand
    Database* directory = nullptr;    ///< null: left for a home that is not open yet
    std::map<AccountId, HomeAddress> moved;
    std::map<std::string, Database*> open;  ///< by address; what is missing is not open yet

    bool operator==(const HomeMap&) const = default;

    bool left() const { return !directory_address.address.empty(); }

    /// Null: not open yet.
    Database* home(AccountId account) const {
        const auto elsewhere = moved.find(account);
        if (elsewhere == moved.end()) return directory;
        const auto found = open.find(elsewhere->second.address);
        return found == open.end() ? nullptr : found->second;
    }

    /// One account of each home that is not open; 0 for the directory's.
    std::vector<AccountId> not_open() const {
        std::map<std::string, AccountId> homes;
        for (const auto& [account, address] : moved) {
            if (home(account) == nullptr) homes.emplace(address.address, account);
        }
        std::vector<AccountId> accounts;
        if (directory == nullptr) accounts.push_back(0);
        for (const auto& [address, account] : homes)
            accounts.push_back(account);
        return accounts;
    }

    /// The stores that hold accounts, the directory first. Null among them: one that is not open.
    std::vector<Database*> stores() const {
        std::vector<Database*> all{directory};
        for (const auto& [account, address] : moved) {
            Database* const store = home(account);
            bool known = false;
            for (const Database* other : all)
                known = known || other == store;
            if (!known) all.push_back(store);
        }
        return all;
    }
};

}  // namespace stoa::db
