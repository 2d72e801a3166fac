#include "db/mariadb/trouble.hpp"

#include <errmsg.h>
#include <mysqld_error.h>

#include <string>

namespace stoa::db::mariadb {

Trouble trouble_of(unsigned int number) {
    switch (number) {
        case 0:
            return Trouble::none;
        case ER_LOCK_DEADLOCK:
        case ER_LOCK_WAIT_TIMEOUT:
        case ER_CHECKREAD:  // the row changed since it was read
        case ER_QUERY_INTERRUPTED:
        case ER_STATEMENT_TIMEOUT:
        case ER_ERROR_DURING_COMMIT:
        case ER_DISK_FULL:
        case ER_RECORD_FILE_FULL:
        case ER_ERROR_ON_WRITE:
        case ER_NEED_REPREPARE:
        case ER_UNKNOWN_STMT_HANDLER:
        case ER_TOO_MANY_USER_CONNECTIONS:
        case ER_SP_DOES_NOT_EXIST:  // a savepoint: the transaction was rolled back without a word
        case ER_GET_ERRNO:          // the storage engine could not: full or failing disk
            return Trouble::rerun;
        case ER_OPTION_PREVENTS_STATEMENT:  // --read-only
        case ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION:
        case ER_UNKNOWN_COM_ERROR:  // Galera: not (any more) part of a cluster with a majority
            return Trouble::demoted;
        case ER_ACCESS_DENIED_ERROR:
        case ER_DBACCESS_DENIED_ERROR:
        case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
        case ER_BAD_DB_ERROR:
        case ER_HOST_NOT_PRIVILEGED:
        case ER_HOST_IS_BLOCKED:
        case ER_TABLEACCESS_DENIED_ERROR:
            return Trouble::refused;
        case ER_SERVER_SHUTDOWN:
        case ER_CONNECTION_KILLED:
        case ER_CON_COUNT_ERROR:
        case ER_NET_READ_ERROR:
        case ER_NET_READ_INTERRUPTED:
        case ER_NET_ERROR_ON_WRITE:
        case ER_NET_WRITE_INTERRUPTED:
        case ER_NET_PACKETS_OUT_OF_ORDER:
            return Trouble::lost;
        default:
            return number >= CR_MIN_ERROR && number <= CR_MAX_ERROR ? Trouble::lost : Trouble::statement;
    }
}

Error error_of(unsigned int number, std::string_view detail) {
    const std::string why = " (error " + std::to_string(number) + ")";
    switch (trouble_of(number)) {
        case Trouble::refused:
            return {Errc::unavailable, "The database refuses this program: " + std::string(detail), {}, {}, 5};
        case Trouble::rerun:
            if (number == ER_DISK_FULL || number == ER_RECORD_FILE_FULL || number == ER_ERROR_ON_WRITE ||
                number == ER_GET_ERRNO) {
                return {Errc::unavailable, "The database cannot write: its disk is full or failing" + why, {}, {}, 5};
            }
            return {Errc::busy, "The database is busy with other changes" + why, {}, {}, 1};
        case Trouble::demoted:
            return {Errc::unavailable, "The database takes no changes at the moment" + why, {}, {}, 1};
        case Trouble::lost:
            return {Errc::unavailable, "The database does not answer" + why, {}, {}, 1};
        case Trouble::none:
        case Trouble::statement:
            break;
    }
    switch (number) {
        case ER_DUP_ENTRY:
        case ER_DUP_ENTRY_WITH_KEY_NAME:
            return {Errc::already_exists, "There is such a record already."};
        case ER_DATA_TOO_LONG:
            return {Errc::too_large, "A text is longer than its column."};
        case ER_NET_PACKET_TOO_LARGE:
            return {Errc::too_large, "The change is too large for the database (max_allowed_packet)."};
        case ER_WARN_DATA_OUT_OF_RANGE:
        case ER_TRUNCATED_WRONG_VALUE:
        case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
        case WARN_DATA_TRUNCATED:
            return {Errc::invalid_argument, "A value does not fit its column."};
        default:
            return internal_error("The database refused a statement" + why);
    }
}

}  // namespace stoa::db::mariadb
