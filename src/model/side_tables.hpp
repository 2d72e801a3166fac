#pragma once
// Rows that belong to a record but live beside its table: links and multifields. Part of the read and write paths;
// used on the transaction's thread.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "db/transaction.hpp"
#include "model/record.hpp"

namespace stoa::model {

/// What is compared when phones and mails are searched: digits of a phone (a leading + or 00 dropped), a mail in
/// lower case, others as they are.
std::string multifield_search_value(std::string_view type, std::string_view value);

Status save_links(db::WriteTx& tx, const Field& field, RecordId owner, const std::vector<RecordId>& targets);
/// Adds, changes (by row id) and removes; rows that are not named stay.
Status save_multifields(db::WriteTx& tx, const Entity& entity, RecordId owner,
                        const std::vector<MultifieldChange>& changes);
Status remove_side_tables(db::WriteTx& tx, const Entity& entity, RecordId owner);

}  // namespace stoa::model
