// Makes big stores quickly, by copying rows inside SQLite while no server runs.
import { execFileSync } from 'node:child_process'

function sql(file, text) {
  return execFileSync('sqlite3', ['-bail', file], { input: text, maxBuffer: 64 << 20 }).toString()
}

function columns(file, table) {
  return sql(file, `SELECT name FROM pragma_table_info('${table}');`).trim().split('\n')
}

export const growDeals = (file, account, count) => growRows(file, 'crm_deals', account, count)

/** Copies existing rows until the account has `count`: one every half minute up to now, as ids and dates grow together in life. */
export function growRows(file, table, account, count) {
  const have = Number(sql(file, `SELECT count(*) FROM ${table} WHERE account_id = ${account};`))
  const last = Number(sql(file, `SELECT max(id) FROM ${table} WHERE account_id = ${account};`))
  if (have >= count) return
  const list = columns(file, table).filter((name) => name !== 'account_id' && name !== 'id')
  const values = list.map((name) => (name === 'date_create' ? `unixepoch() - (${count - have} - n.i) * 30` : `d.${name}`))
  sql(
    file,
    `PRAGMA cache_size = -200000; PRAGMA synchronous = OFF; BEGIN;
     CREATE TEMP TABLE pattern AS SELECT row_number() OVER (ORDER BY id) - 1 AS k, * FROM ${table} WHERE account_id = ${account} AND id <= ${last} LIMIT 500;
     CREATE UNIQUE INDEX temp.pattern_k ON pattern (k);
     WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count - have})
     INSERT INTO ${table} (account_id, id, ${list.join(', ')})
     SELECT ${account}, ${last} + 1 + n.i, ${values.join(', ')} FROM n JOIN pattern d ON d.k = n.i % (SELECT count(*) FROM pattern);
     UPDATE sequences SET next_id = ${last} + ${count - have} + 1 WHERE account_id = ${account} AND name = '${table}';
     COMMIT; PRAGMA wal_checkpoint(TRUNCATE);`,
  )
}

/** Copies one account whole, `copies` times: the same rows under new account ids. */
export function copyAccounts(file, account, copies) {
  const tables = sql(file, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql LIKE '%account_id%';`).trim().split('\n')
  const first = Number(sql(file, 'SELECT max(account_id) FROM accounts;')) + 1
  const copy = tables.map((table) => {
    const all = columns(file, table)
    const list = all.filter((name) => name !== 'account_id')
    // Look-up keys of the whole store (hashes of credentials) stay unique.
    const values = list.map((name) => (/hash|member_id/.test(name) ? `substr(${name} || '-' || n.i, -60)` : name))
    return `INSERT OR IGNORE INTO ${table} (account_id, ${list.join(', ')})
            SELECT n.i, ${values.join(', ')} FROM ${table} JOIN n ON account_id = ${account};`
  })
  sql(
    file,
    `PRAGMA synchronous = OFF; BEGIN; CREATE TEMP TABLE n (i INTEGER PRIMARY KEY);
     WITH RECURSIVE c(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM c WHERE i + 1 < ${first + copies}) INSERT INTO n SELECT i FROM c;
     ${copy.join('\n')} COMMIT; PRAGMA wal_checkpoint(TRUNCATE);`,
  )
}
