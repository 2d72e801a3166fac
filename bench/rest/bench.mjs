// The whole table. See README.md.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { best, cpuSeconds, freePort, residentMb, serverCore, start, stop, until, wrk } from './processes.mjs'
import { copyAccounts, growDeals } from './grow.mjs'

const root = resolve(new URL('../..', import.meta.url).pathname)
const binary = resolve(root, process.env.STOA_BIN ?? 'build/release/stoa')
const dbBench = resolve(root, process.env.STOA_BUILD ?? 'build/release', 'stoa_db_bench')
const deals = Number(process.env.DEALS ?? 1_000_000)
const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const row = (what, value, target = '') => console.log(`${what.padEnd(58)} ${String(value).padStart(22)}   ${target}`)
const us = (number) => `${number.toFixed(1)} µs`

function create(data, ...args) {
  const out = execFileSync(binary, ['account', 'create', '--data', data, '--json', ...args], { maxBuffer: 16 << 20 })
  return JSON.parse(out.toString())
}

/** Limits on rates are off: they are for visitors, not for a benchmark. */
const config = join(folder, 'bench.toml')
writeFileSync(config, '[rest]\nbucket_size = 0\n')

async function serve(data, core = serverCore, extra = []) {
  const port = await freePort()
  const begin = process.hrtime.bigint()
  const child = start(core, binary, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--http', '--config', config, ...extra])
  await until('the server answers', async () => (await fetch(`http://127.0.0.1:${port}/ready`)).ok)
  return { child, pid: child.pid, url: `http://127.0.0.1:${port}`, startMs: Number(process.hrtime.bigint() - begin) / 1e6 }
}

async function nginx() {
  const port = await freePort()
  const conf = join(folder, 'nginx.conf')
  writeFileSync(
    conf,
    `daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
     events { worker_connections 1024; }
     http { access_log off; keepalive_requests 100000000; server { listen 127.0.0.1:${port}; location / { return 200 "ok"; } } }`,
  )
  const child = start(serverCore, 'nginx', ['-p', folder, '-c', conf])
  await until('nginx answers', async () => (await fetch(`http://127.0.0.1:${port}/`)).ok)
  return { child, pid: child.pid, url: `http://127.0.0.1:${port}/` }
}

const demo = join(folder, 'demo')
const created = create(demo, '--demo')
const hook = (server) => server.url + new URL(created.webhook_url).pathname.replace(/\/?$/, '/')

// 1. Point read against nginx, on the same core.
{
  const peer = await nginx()
  const ours = await serve(demo, serverCore, ['--io-threads', '1'])
  const first = await (await fetch(`${hook(ours)}crm.deal.list?start=-1`)).json()
  const id = first.result[0].ID
  wrk({ url: `${hook(ours)}crm.deal.get?id=${id}`, pid: ours.pid, seconds: 1 })
  const a = best(3, () => wrk({ url: peer.url, pid: peer.pid }))
  const b = best(3, () => wrk({ url: `${hook(ours)}crm.deal.get?id=${id}`, pid: ours.pid }))
  row('nginx return 200, one core', `${Math.round(a.perSecond)} /s  ${us(a.cpuUs)}`)
  row('crm.deal.get, one core', `${Math.round(b.perSecond)} /s  ${us(b.cpuUs)}`)
  row('  requests per second, ours / nginx', `${((b.perSecond / a.perSecond) * 100).toFixed(0)} %`, '>= 30 %')
  row('  CPU per request, nginx / ours', `${((a.cpuUs / b.cpuUs) * 100).toFixed(0)} %`)
  await stop(peer.child)

  // 2. A list of 50 rows with all fields.
  const list = best(3, () => wrk({ url: `${hook(ours)}crm.deal.list?start=-1`, pid: ours.pid, connections: 8 }))
  row('crm.deal.list, 50 rows, all fields, CPU', us(list.cpuUs), '<= 400 µs')
  await stop(ours.child)
}

// 3. Durable writes.
{
  const ours = await serve(demo, '')
  const body = JSON.stringify({ fields: { TITLE: 'Lead @N@', NAME: 'Ada', LAST_NAME: 'Bench', OPPORTUNITY: 100 } })
  wrk({ url: `${hook(ours)}crm.lead.add`, pid: ours.pid, body, unique: true, seconds: 1, server: '' })
  const b = best(3, () => wrk({ url: `${hook(ours)}crm.lead.add`, pid: ours.pid, body, unique: true, seconds: 4, server: '' }))
  row('durable crm.lead.add, 64 clients', `${Math.round(b.perSecond)} /s`)
  row('  latency p50, p99', `${b.p50.toFixed(1)} ms, ${b.p99.toFixed(1)} ms`)
  row('  CPU per write', us(b.cpuUs))
  await stop(ours.child)
  const out = execFileSync(dbBench, [], { maxBuffer: 1 << 20, cwd: folder }).toString()
  const speed = (letter) => Number(new RegExp(`^${letter}[ :.].*?([\\d.]+) /s`, 'm').exec(out)?.[1])
  console.log(out.split('\n').filter((line) => /^[abc][ :.']/.test(line)).map((line) => `    ${line}`).join('\n'))
  const plain = speed('a')
  const ceiling = speed('c')
  row('  ours / 64 threads in plain SQLite', (b.perSecond / plain).toFixed(1), '>= 3')
  row('  ours / group-commit ceiling of the disk', (b.perSecond / ceiling).toFixed(2))
}

// 4. The same page at 1 000 and at very many deals.
{
  const costs = []
  for (const count of [1_000, deals]) {
    growDeals(join(demo, 'stoa.db'), created.account_id, count)
    const ours = await serve(demo, serverCore, ['--io-threads', '1'])
    const page = 'order[ID]=ASC&filter[CATEGORY_ID]=0&filter[STAGE_ID]=NEW&filter[%3EID]=100'
    const walk = best(3, () => wrk({ url: `${hook(ours)}crm.deal.list?${page}&start=-1`, pid: ours.pid, connections: 8 }))
    const byDate = best(3, () =>
      wrk({ url: `${hook(ours)}crm.deal.list?order[DATE_CREATE]=DESC&filter[%3EDATE_CREATE]=2001-01-01&start=-1`, pid: ours.pid, connections: 8 }))
    const total = best(2, () => wrk({ url: `${hook(ours)}crm.deal.list?${page}`, pid: ours.pid, connections: 1, seconds: 2 }))
    costs.push({ walk, byDate })
    row(`crm.deal.list of ${count} deals, stage filter, start=-1`, us(walk.cpuUs))
    row(`crm.deal.list of ${count} deals, newest first, start=-1`, us(byDate.cpuUs))
    row(`crm.deal.list of ${count} deals, with total`, us(total.cpuUs))
    await stop(ours.child)
  }
  row('  start=-1, many / 1 000, stage filter', (costs[1].walk.cpuUs / costs[0].walk.cpuUs).toFixed(2), '0.8 … 1.2')
  row('  start=-1, many / 1 000, newest first', (costs[1].byDate.cpuUs / costs[0].byDate.cpuUs).toFixed(2), '0.8 … 1.2')
}

// 5. Start and memory.
{
  const idle = join(folder, 'idle')
  const one = create(idle)
  const first = await serve(idle, '')
  await stop(first.child)
  const starts = []
  for (let i = 0; i < 5; i++) {
    const again = await serve(idle, '')
    starts.push(again.startMs)
    await stop(again.child)
  }
  row('first answer after start, existing store (best, worst of 5)', `${Math.min(...starts).toFixed(0)} ms, ${Math.max(...starts).toFixed(0)} ms`, '<= 300 ms')
  const ours = await serve(idle, '')
  const hookPath = new URL(one.webhook_url).pathname.replace(/\/?$/, '/')
  await (await fetch(`${ours.url}${hookPath}crm.deal.list`)).json()
  const alone = residentMb(ours.pid)
  row('idle process, resident', `${alone.toFixed(1)} MB`, '<= 64 MB')
  await stop(ours.child)
  copyAccounts(join(idle, 'stoa.db'), one.account_id, 1000)
  const many = await serve(idle, '')
  await (await fetch(`${many.url}${hookPath}crm.deal.list`)).json()
  const cpu = cpuSeconds(many.pid)
  await new Promise((done) => setTimeout(done, 2000))
  row('  with 1 000 idle accounts more', `+${(residentMb(many.pid) - alone).toFixed(1)} MB`, '<= 10 MB')
  row('  CPU of two idle seconds', `${((cpuSeconds(many.pid) - cpu) * 1000).toFixed(0)} ms`)
  await stop(many.child)
}
