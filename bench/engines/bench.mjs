// The whole table. See README.md.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort, residentMb, serverCore, start, stop, until, wrk } from '../rest/processes.mjs'

const root = resolve(new URL('../..', import.meta.url).pathname)
const binary = resolve(root, process.env.STOA_BIN ?? 'build/release/stoa')
const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'))
const enginesDir = join(folder, 'engines')
const users = Number(process.env.USERS ?? 300)
const rounds = Number(process.env.ROUNDS ?? 5)
const parts = process.argv.length > 2 ? process.argv.slice(2) : ['point', 'causal', 'users']
const unknown = parts.filter((part) => !['point', 'causal', 'users'].includes(part))
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(', ')}. There are point, causal and users.`)
  process.exit(2)
}

const run = (command, ...args) => execFileSync(command, args, { maxBuffer: 16 << 20, stdio: ['ignore', 'pipe', 'ignore'] }).toString()
const engines = (...args) => run(join(root, 'scripts/engines'), '--dir', enginesDir, ...args)
process.on('exit', () => {
  try { engines('down') } finally { rmSync(folder, { recursive: true, force: true }) }
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const row = (what, value, target = '') => console.log(`${what.padEnd(58)} ${String(value).padStart(22)}   ${target}`)
const us = (number) => `${number.toFixed(1)} µs`

/** A configuration file; limits on rates are off: they are for visitors, not for a benchmark. */
function config(name, sets) {
  const file = join(folder, `${name}.toml`)
  const engineLines = sets.length > 0 ? engines('toml', ...sets).replace(/^data_dir.*$/m, '') : ''
  writeFileSync(file, `data_dir = "${join(folder, name)}"\n${engineLines}\n[rest]\nbucket_size = 0\n[log]\nlevel = "warn"\n`)
  return file
}

function create(file, ...args) {
  return JSON.parse(run(binary, 'account', 'create', '--config', file, '--json', ...args))
}

async function serve(file, core = serverCore, extra = []) {
  const port = await freePort()
  const child = start(core, binary, ['serve', '--config', file, '--listen', `127.0.0.1:${port}`, '--http', ...extra])
  await until('the server answers', async () => (await fetch(`http://127.0.0.1:${port}/ready`)).ok)
  return { child, pid: child.pid, url: `http://127.0.0.1:${port}` }
}

const hookPath = (webhook) => new URL(webhook).pathname.replace(/\/?$/, '/')

async function getUrl(server, path) {
  const first = await (await fetch(`${server.url}${path}crm.deal.list?start=-1`)).json()
  return `${server.url}${path}crm.deal.get?id=${first.result[0].ID}`
}

/** How many reads the primary and the replicas answered so far. */
async function readsOf(server) {
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  const of = (name) => Number(metrics.match(new RegExp(`^stoa_db_reads_total\\{server="${name}"\\} (\\d+)`, 'm'))?.[1] ?? 0)
  return { primary: of('primary'), replica: of('replica') }
}

/** Several contestants in turns, so that a slow minute of the machine hits all; the least CPU of each counts. */
function inTurns(rounds, contestants) {
  const least = contestants.map(() => undefined)
  for (let round = 0; round < rounds; ++round) {
    contestants.forEach((contestant, i) => {
      const result = wrk(contestant)
      if (!least[i] || result.cpuUs < least[i].cpuUs) least[i] = result
    })
  }
  return least
}

const sets = [...(parts.includes('point') || parts.includes('users') ? ['mariadb'] : []), ...(parts.includes('causal') ? ['replication'] : [])]
engines('up', ...sets, 'redis')
engines('ready', ...sets)

// 1. A point read: MariaDB against the embedded store.
const single = sets.includes('mariadb') ? config('single', ['mariadb']) : ''
if (parts.includes('point')) {
  const embedded = config('embedded', [])
  const paths = [embedded, single].map((file) => hookPath(create(file, '--demo').webhook_url))
  const servers = [await serve(embedded), await serve(single)]
  const contestants = []
  for (const [i, server] of servers.entries()) contestants.push({ url: await getUrl(server, paths[i]), pid: server.pid })
  contestants.forEach((contestant) => wrk({ ...contestant, seconds: 1 }))
  const [sqlite, mariadb] = inTurns(2 * rounds, contestants)
  row('crm.deal.get, embedded store', `${Math.round(sqlite.perSecond)} /s  ${us(sqlite.cpuUs)}`)
  row('crm.deal.get, MariaDB', `${Math.round(mariadb.perSecond)} /s  ${us(mariadb.cpuUs)}`)
  row('  rate per core of the web process, MariaDB / embedded', `${((sqlite.cpuUs / mariadb.cpuUs) * 100).toFixed(0)} %`, '>= 35 %')
  for (const server of servers) await stop(server.child)
}

// 2. Causal reads against plain reads.
if (parts.includes('causal')) {
  const plainFile = config('plain', ['replication'])
  const causalFile = config('causal', ['replication', 'redis'])
  const path = hookPath(create(plainFile, '--demo').webhook_url)
  const servers = [await serve(plainFile), await serve(causalFile)]
  // Just after the start nobody knows what others published: only then do replicas answer.
  await until('replicas answer', async () => {
    await fetch(`${servers[1].url}${path}crm.deal.list?start=-1`)
    return (await readsOf(servers[1])).replica > 0
  }, 30_000)
  const contestants = []
  for (const server of servers) contestants.push({ url: await getUrl(server, path), pid: server.pid })
  contestants.forEach((contestant) => wrk({ ...contestant, seconds: 1 }))
  const before = await readsOf(servers[1])
  const [plain, causal] = inTurns(rounds, contestants)
  row('crm.deal.get, from the primary, CPU', us(plain.cpuUs))
  row('crm.deal.get, causal, from replicas, CPU', us(causal.cpuUs))
  const after = await readsOf(servers[1])
  const [replica, primary] = [after.replica - before.replica, after.primary - before.primary]
  row('  of the causal reads, replicas answered', `${((replica / (replica + primary)) * 100).toFixed(1)} %`, '>= 99 %')
  row('  causal / plain', `${((causal.cpuUs / plain.cpuUs - 1) * 100).toFixed(1)} %`, '<= +5 %')
  for (const server of servers) await stop(server.child)
}

// 3. A portal with 300 users.
if (parts.includes('users')) {
  if (!parts.includes('point')) create(single, '--demo')
  const server = await serve(single, '')
  const admin = hookPath(JSON.parse(run(binary, 'webhook', 'create', '--config', single, '--user', '1', '--scope', 'all', '--json')).url)
  const ids = [1]
  for (let at = 0; at < users; at += 50) {
    const cmd = Object.fromEntries(
      Array.from({ length: Math.min(50, users - at) }, (_, i) => [`u${i}`, `user.add?NAME=User&LAST_NAME=N${at + i}&EMAIL=u${at + i}@bench.example&UF_DEPARTMENT[]=1`]),
    )
    const answer = await fetch(`${server.url}${admin}batch`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ halt: 0, cmd }) })
    ids.push(...Object.values((await answer.json()).result.result))
  }
  const hooks = ids.map((id) => hookPath(JSON.parse(run(binary, 'webhook', 'create', '--config', single, '--user', String(id), '--scope', 'all', '--json')).url))
  const calls = ['crm.deal.list', 'crm.deal.get?id=5', 'tasks.task.list', 'user.current', 'crm.contact.list', 'crm.item.list?entityTypeId=2']
  let done = 0
  const until_ms = Date.now() + 8_000
  await Promise.all(
    Array.from({ length: 64 }, async (_, n) => {
      for (let i = n; Date.now() < until_ms; i += 64) {
        const answer = await fetch(`${server.url}${hooks[i % hooks.length]}${calls[i % calls.length]}`)
        await answer.arrayBuffer()
        if (!answer.ok) throw new Error(`${calls[i % calls.length]}: ${answer.status}`)
        ++done
      }
    }),
  )
  const pid = Number(readFileSync(join(enginesDir, 'mariadb/mariadb1/mariadbd.pid'), 'utf8'))
  row(`${ids.length} users, ${done} requests: memory of the web process`, `${residentMb(server.pid).toFixed(0)} MB`, '<= 128 MB')
  row('  and of MariaDB', `${residentMb(pid).toFixed(0)} MB`, '<= 512 MB')
  await stop(server.child)
}
