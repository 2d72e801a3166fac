// What is wrong with engines is named: by `stoa doctor`, by commands that meet it, and to clients; nothing is half done.
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { binary, call, freePort, Portal, postJson, stoa, stoaFails, until, type Created } from '../support/portal'
import { engine, enginesIn, Process } from '../support/topology'

const run = promisify(execFile)

interface Report {
  code: number
  errors: number
  warnings: number
  findings: { level: string; subject: string; check: string; found: string; required: string; action: string }[]
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stoa-doctor-'))
  await mkdir(join(folder, 'files'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  const problems: unknown[] = []
  for (const step of undo.splice(0).reverse()) await step().catch((error: unknown) => problems.push(error))
  expect(problems).toEqual([])
})

async function config(text: string): Promise<string> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.toml`)
  await writeFile(file, `data_dir = "${folder}"\n${text}`)
  return file
}

async function doctor(text: string): Promise<Report> {
  const args = ['doctor', '--json', '--config', await config(text)]
  try {
    const { stdout } = await run(binary, args, { timeout: 60_000 })
    return { code: 0, ...JSON.parse(stdout) }
  } catch (error) {
    const failed = error as { code: number; stdout: string; stderr: string }
    if (!failed.stdout) throw error
    return { code: failed.code, ...JSON.parse(failed.stdout) }
  }
}

/** "error credentials", … of everything that is not well. */
const complaints = (report: Report) => report.findings.filter((f) => f.level !== 'ok').map((f) => `${f.level} ${f.check}`)

/** A schema of its own on a set, with an account in it. */
async function portalOn(set: string): Promise<{ toml: string; schema: string }> {
  const schema = `doctor_${Math.random().toString(36).slice(2, 10)}`
  const url = await engine('schema', set, schema)
  undo.push(() => engine('drop-schema', set, schema))
  const toml = `[database]\nurl = "${url}"\npassword_file = "${process.env.STOA_ENGINES_DIR}/${set}/password"\nhold_ms = 1000\n`
  await stoa<Created>('account', 'create', '--config', await config(toml))
  return { toml, schema }
}

describe('engines as scripts/engines makes them', () => {
  for (const set of ['mariadb', 'replication', 'galera']) {
    it(`have no faults: ${set}`, async () => {
      const { toml } = await portalOn(set)
      const report = await doctor(toml)
      expect(complaints(report)).toEqual([])
      expect(report.code).toBe(0)
    })
  }
  for (const set of ['redis', 'sentinel', 'memcached', 's3', 'gluster']) {
    it(`have no errors: ${set}`, async () => {
      const toml = (await engine('toml', set)).replace(/^data_dir.*$/m, '')
      const report = await doctor(toml)
      // 32 MB of Memcached and a mount without noatime are for play.
      const known = ['warning memory', 'warning noatime']
      expect(complaints(report).filter((text) => !known.includes(text))).toEqual([])
      expect(report.findings.some((f) => f.subject.startsWith(set === 's3' || set === 'gluster' ? 'files' : 'cache'))).toBe(true)
    })
  }
})

describe('a database', () => {
  it('that refuses the password is told from one that is down', async () => {
    const { toml } = await portalOn('mariadb')
    await writeFile(join(folder, 'wrong'), 'no\n', { mode: 0o600 })
    const wrong = toml.replace(/password_file = .*/, `password_file = "${folder}/wrong"`)
    const report = await doctor(wrong)
    expect(report.code).toBe(2)
    expect(complaints(report)).toEqual(['error who takes writes', 'error credentials'])
    const begin = performance.now()
    const failed = await stoaFails('account', 'list', '--config', await config(wrong))
    expect(failed.code).toBe(1)
    expect(failed.out).toMatch(/Access denied/)
    expect(performance.now() - begin).toBeLessThan(20_000)

    const down = await doctor(toml.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${await freePort()}`))
    expect(complaints(down)).toEqual(['error who takes writes', 'error reachable'])
  })

  it('without the schema, or without rights on it, is named', async () => {
    const { toml, schema } = await portalOn('mariadb')
    const report = await doctor(toml.replace(`/${schema}`, '/elsewhere'))
    expect(complaints(report)).toEqual(['error who takes writes', 'error credentials'])
    expect(report.findings.find((f) => f.check === 'credentials')!.action).toMatch(/GRANT/)
  })

  it('of a newer program is refused, not changed', async () => {
    const { toml, schema } = await portalOn('mariadb')
    await engine('sql', 'mariadb1', `INSERT INTO ${schema}.schema_migrations VALUES (99999, 'from the future', 0)`)
    const report = await doctor(toml)
    expect(complaints(report)).toEqual(['error schema version'])
    expect((await stoaFails('account', 'list', '--config', await config(toml))).out).toMatch(/newer/)
  })

  it('that lacks its tables says so', async () => {
    const { toml, schema } = await portalOn('mariadb')
    await engine('sql', 'mariadb1', `DROP DATABASE ${schema}; CREATE DATABASE ${schema} CHARACTER SET utf8mb4`)
    expect(complaints(await doctor(toml))).toEqual(['warning schema version'])
  })

  it('that is read-only refuses writes in time and takes them again by itself', async () => {
    const portal = await Portal.start({ topology: 'mariadb', engines: { holdMs: 3_000 } })
    undo.push(() => portal.stop())
    const id = await call(portal.hook, 'crm.lead.add', { fields: { TITLE: 'before' } })
    await engine('sql', 'mariadb1', 'SET GLOBAL read_only=1')
    undo.push(() => engine('sql', 'mariadb1', 'SET GLOBAL read_only=0'))
    const toml = (await readFile(join(portal.data, 'web1.toml'), 'utf8')).replace(/^data_dir.*\n/, '')
    expect(complaints(await doctor(toml))).toEqual(['error who takes writes'])
    const begin = performance.now()
    const refused = await postJson(`${portal.hook}crm.lead.add`, { fields: { TITLE: 'meanwhile' } }, { 'Idempotency-Key': 'meanwhile' })
    const waited = performance.now() - begin
    expect([refused.status, refused.headers.get('retry-after') !== null]).toEqual([503, true])
    expect(waited).toBeGreaterThan(2_500) // it is held first
    expect(waited).toBeLessThan(6_000)
    await engine('sql', 'mariadb1', 'SET GLOBAL read_only=0')
    const again = await postJson(`${portal.hook}crm.lead.add`, { fields: { TITLE: 'meanwhile' } }, { 'Idempotency-Key': 'meanwhile' })
    expect(again.body.result).toBe(Number(id) + 1)
  })

  it('as Debian configures it is corrected', async () => {
    const dir = join(folder, 'debian')
    const own = enginesIn(dir)
    undo.push(() => own('down'))
    await own('up', 'mariadb', ...['binlog_format=MIXED', 'sync_binlog=0', 'gtid_strict_mode=0', 'local_infile=1', 'query_cache_type=1',
      'query_cache_size=1M', 'innodb_flush_log_at_trx_commit=2', 'max_connections=10'].flatMap((text) => ['--with', text]))
    const report = await doctor((await own('toml', 'mariadb')).replace(/^data_dir.*$/m, ''))
    expect(complaints(report).sort()).toEqual(['error binlog_format', 'error innodb_flush_log_at_trx_commit', 'error max_connections',
      'error query_cache_type', 'error sync_binlog', 'warning gtid_strict_mode', 'warning local_infile', 'warning schema version'])
    for (const finding of report.findings.filter((f) => f.level !== 'ok')) expect(finding.action).not.toBe('')
  })

  it('whose replicas have stopped, or which two servers claim to lead', async () => {
    const { toml } = await portalOn('replication')
    await engine('sql', 'db2', 'STOP SLAVE SQL_THREAD')
    undo.push(() => engine('sql', 'db2', 'START SLAVE SQL_THREAD'))
    expect(complaints(await doctor(toml))).toEqual(['error applying', 'error lag'])
    await engine('sql', 'db2', 'START SLAVE SQL_THREAD')
    await engine('ready', 'replication')
    await engine('sql', 'db3', 'SET GLOBAL read_only=0')
    undo.push(() => engine('sql', 'db3', 'SET GLOBAL read_only=1'))
    expect(complaints(await doctor(toml))).toContain('error who takes writes')
  })

  it('on a full disk fails writes, keeps what it has, and goes on when there is room', async () => {
    const disk = join(folder, 'small')
    await mkdir(disk)
    await run('truncate', ['--size=400M', `${disk}.image`])
    await run('mkfs.ext4', ['-q', '-m', '0', `${disk}.image`])
    await run('mount', ['-o', 'loop', `${disk}.image`, disk])
    undo.push(() => run('umount', ['-l', disk]))
    const dir = join(disk, 'e')
    const own = enginesIn(dir)
    undo.push(() => own('down'))
    await own('up', 'mariadb')
    await own('up', 'redis')
    const before = process.env.STOA_ENGINES_DIR
    process.env.STOA_ENGINES_DIR = dir
    undo.push(async () => void (process.env.STOA_ENGINES_DIR = before))
    const portal = await Portal.start({ topology: 'mariadb', engines: { holdMs: 3_000 } })
    undo.push(() => portal.stop())
    const add = (title: string) => postJson(`${portal.hook}crm.lead.add`, { fields: { TITLE: title, COMMENTS: 'x'.repeat(20_000) } }, { 'Idempotency-Key': title })
    expect((await add('lead 0')).status).toBe(200)
    const toml = (await readFile(join(portal.data, 'web1.toml'), 'utf8')).replace(/^data_dir.*\n/, '')
    await run('dd', ['if=/dev/zero', `of=${disk}/filler`, 'bs=64k']).catch(() => '')  // until there is no more room
    const kept: string[] = ['lead 0']
    const refused: string[] = []
    for (let i = 1; i < 4000 && refused.length < 3; i++) {
      const answer = await add(`lead ${i}`)
      if (answer.status === 200) {
        kept.push(`lead ${i}`)
        continue
      }
      expect([answer.status, answer.headers.get('retry-after') !== null], answer.text).toEqual([503, true])
      refused.push(`lead ${i}`)
    }
    expect(refused.length).toBe(3)
    // Some full disks end the server itself (its redo log); then there is nobody to say how full it is.
    const report = complaints(await doctor(toml))
    expect(report.some((text) => text === 'error disk' || text === 'error reachable'), report.join()).toBe(true)
    await rm(join(disk, 'filler'))
    await own('start', 'mariadb1')
    await until('writes go on', async () => (await add('room again')).status === 200, 120_000)
    for (const title of refused) expect((await add(title)).status).toBe(200)
    const stored = await call<{ TITLE: string }[]>(portal.hook, 'crm.lead.list', { select: ['TITLE'], order: { ID: 'DESC' } })
    const titles = stored.map((lead) => lead.TITLE)
    expect(new Set(titles).size).toBe(titles.length)
    const { body } = await postJson(`${portal.hook}crm.lead.list`, { select: ['ID'] })
    expect(body.total).toBe(kept.length + refused.length + 1)
  })
})

describe('a cache or bus', () => {
  it('with another password is named, and the portal works without it', async () => {
    await writeFile(join(folder, 'wrong'), 'no\n', { mode: 0o600 })
    const { toml } = await portalOn('mariadb')
    const redis = (await engine('toml', 'redis')).replace(/^data_dir.*$/m, '').replace(/password_file = .*/g, `password_file = "${folder}/wrong"`)
    const report = await doctor(toml + redis)
    expect(complaints(report)).toEqual(['error credentials', 'error credentials'])
    const none = await doctor(toml + redis.replace(/password_file = .*\n?/g, ''))
    expect(complaints(none)).toEqual(['error credentials', 'error credentials'])
  })

  it('that still reads its data is told from one that is down', async () => {
    const port = await freePort()
    const dir = join(folder, 'loading')
    await mkdir(dir)
    const redis = (...more: string[]) =>
      Process.start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--enable-debug-command', 'local', ...more])
    let server = redis()
    await until('Redis answers', async () => (await run('redis-cli', ['-p', String(port), 'PING'])).stdout.startsWith('PONG'))
    await run('redis-cli', ['-p', String(port), 'DEBUG', 'POPULATE', '20000'])
    await run('redis-cli', ['-p', String(port), 'SAVE'])
    await server.end('SIGKILL')
    server = redis('--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024')
    undo.push(() => server.end('SIGKILL'))
    const toml = `[cache]\nurl = "redis://127.0.0.1:${port}"\n`
    await until('Redis is loading', async () => (await run('redis-cli', ['-p', String(port), 'PING'])).stdout.startsWith('LOADING'))
    expect(complaints(await doctor(toml))).toEqual(['error loading'])
    await server.end('SIGKILL')
    expect(complaints(await doctor(toml))).toEqual(['error reachable'])
  })

  it('that may throw away events is refused as a bus', async () => {
    const port = await freePort()
    const server = Process.start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--maxmemory', '50mb',
      '--maxmemory-policy', 'allkeys-lru'])
    undo.push(() => server.end('SIGKILL'))
    await until('Redis answers', async () => (await run('redis-cli', ['-p', String(port), 'PING'])).stdout.startsWith('PONG'))
    expect(complaints(await doctor(`[bus]\nurl = "redis://127.0.0.1:${port}"\n`))).toEqual(['error maxmemory-policy', 'warning appendonly'])
    expect(complaints(await doctor(`[cache]\nurl = "redis://127.0.0.1:${port}"\n`))).toEqual([])
  })
})

describe('a file store', () => {
  it('that refuses the key, has no such bucket, or fails is named', async () => {
    const s3 = (await engine('toml', 's3')).replace(/^data_dir.*$/m, '')
    await writeFile(join(folder, 'wrong'), 'no\n', { mode: 0o600 })
    const forbidden = await doctor(s3.replace(/secret_key_file = .*/, `secret_key_file = "${folder}/wrong"`))
    expect(complaints(forbidden)).toEqual(['error write and read'])
    expect(forbidden.findings.find((f) => f.level === 'error')!.found).toMatch(/key/i)
    const missing = await doctor(s3.replace('/stoa?', '/nowhere?'))
    expect(complaints(missing)).toEqual(['error write and read'])
    expect(missing.findings.find((f) => f.level === 'error')!.found).toMatch(/bucket/i)
    await engine('kill', 's3-object', 's3-container', 's3-account')
    const failing = await doctor(s3)
    await engine('start', 's3-object', 's3-container', 's3-account')
    await engine('ready', 's3')
    expect(complaints(failing)).toContain('error write and read')
  })

  it('whose clock is off, or that is not there, is told apart', async () => {
    const server = createServer((_, response) => {
      response.setHeader('Date', new Date(Date.now() + 20 * 60_000).toUTCString())
      response.statusCode = 403
      response.end('<Error><Code>RequestTimeTooSkewed</Code></Error>')
    })
    const port = await freePort()
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
    undo.push(() => new Promise((done) => server.close(done)))
    await writeFile(join(folder, 'wrong'), 'no\n', { mode: 0o600 })
    const toml = (port: number) => `[files]\nurl = "s3+http://key@127.0.0.1:${port}/stoa"\nsecret_key_file = "${folder}/wrong"\n`
    expect(complaints(await doctor(toml(port)))).toEqual(['error clock', 'error write and read'])
    expect(complaints(await doctor(toml(await freePort())))).toEqual(['error reachable', 'error write and read'])
  })

  it('that hangs is told in time', async () => {
    const toml = (await engine('toml', 'gluster')).replace(/^data_dir.*$/m, '')
    await engine('stop', 'brick1', 'brick2', 'brick3')
    undo.push(() => engine('ready', 'gluster'))
    undo.push(() => engine('cont', 'brick1', 'brick2', 'brick3'))
    const begin = performance.now()
    const report = await doctor(toml)
    expect(complaints(report)).toContain('error answers')
    expect(performance.now() - begin).toBeLessThan(15_000)
  })
})

it('a configuration with a mistake is one error', async () => {
  const report = await doctor('[database]\nurl = "redis://h"\n')
  expect([report.code, report.findings[0]!.check]).toEqual([2, 'readable'])
  expect(report.findings[0]!.found).toMatch(/database\.url must begin with one of mariadb:/)
})
