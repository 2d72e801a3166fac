// Where a test portal runs, chosen by STOA_TEST_TOPOLOGY. By default: one process on its embedded store. Otherwise two web
// processes behind a balancer that sends each request to the other one, on an embedded store that both open ("sqlite"),
// or on engines that run in STOA_ENGINES_DIR ("mariadb", "replication", "galera", each with a Redis beside it).
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const engines = resolve(fileURLToPath(new URL('../..', import.meta.url)), 'scripts/engines')

export type TopologyName = 'single' | 'sqlite' | 'mariadb' | 'replication' | 'galera'
const names: TopologyName[] = ['single', 'sqlite', 'mariadb', 'replication', 'galera']

export function topologyName(): TopologyName {
  const name = (process.env.STOA_TEST_TOPOLOGY || 'single') as TopologyName
  if (!names.includes(name)) throw new Error(`STOA_TEST_TOPOLOGY=${name}: known are ${names.join(', ')}`)
  return name
}

/** Gives commands to the engines of a folder. */
export function enginesIn(dir: string): (...args: string[]) => Promise<string> {
  return async (...args) => (await run(engines, ['--dir', dir, ...args], { timeout: 180_000, maxBuffer: 16 << 20 })).stdout.trim()
}

/**
 * One at a time on the engines that run. Galera holds up all its nodes while a table is made: a hundred for each of nine
 * portals at once would look like a cluster that does not answer.
 */
export async function alone<T>(set: TopologyName, work: () => Promise<T>): Promise<T> {
  const dir = process.env.STOA_ENGINES_DIR
  if (!dir || set !== 'galera') return work()
  const lock = join(dir, 'schema.lock')
  const deadline = Date.now() + 150_000
  for (;;) {
    const mine = await mkdir(lock).then(() => true, () => false)
    if (mine) break
    if (Date.now() > deadline) throw new Error(`${lock} stays taken`)
    await new Promise((done) => setTimeout(done, 50))
  }
  try {
    return await work()
  } finally {
    await rmdir(lock)
  }
}

/** A command of scripts/engines on the engines that run. */
export async function engine(...args: string[]): Promise<string> {
  const dir = process.env.STOA_ENGINES_DIR
  if (!dir) throw new Error('STOA_ENGINES_DIR is not set: tests/engines/run starts the engines')
  return enginesIn(dir)(...args)
}

export interface Engines {
  cache?: 'redis' | 'memcached'
  files?: 's3' | 'gluster'
  /** How long requests wait for a database that takes no writes; 15 s unless given. */
  holdMs?: number
}

/** A schema of its own on the engines, and what the configuration file says about them. */
export class Stores {
  private constructor(private readonly set: TopologyName, readonly schema: string, readonly config: string, readonly files: string) {}

  static async make(set: TopologyName, engines: Engines): Promise<Stores> {
    const dir = process.env.STOA_ENGINES_DIR!
    const port = async (name: string) => (await readFile(join(dir, name, 'port'), 'utf8')).trim()
    const schema = `test_${randomBytes(6).toString('hex')}`
    const url = await engine('schema', set, schema)
    const redis = `redis://127.0.0.1:${await port('redis/redis1')}?prefix=${schema}:`
    const cache = engines.cache === 'memcached'
      ? `url = "memcached://127.0.0.1:${await port('memcached/memcached1')},127.0.0.1:${await port('memcached/memcached2')}?prefix=${schema}:"`
      : `url = "${redis}"\npassword_file = "${dir}/redis/password"`
    const lines = [
      `[database]\nurl = "${url}"\npassword_file = "${dir}/${set}/password"\nconnections = 8\nwriters = 4\nhold_ms = ${engines.holdMs ?? 15_000}`,
      `[cache]\n${cache}`,
      `[bus]\nurl = "${redis}"\npassword_file = "${dir}/redis/password"`,
    ]
    let files = ''
    if (engines.files === 's3') {
      files = `url = "s3+http://stoa%3Astoa@127.0.0.1:${await port('s3/s3-proxy')}/stoa/${schema}?region=us-east-1"\nsecret_key_file = "${dir}/s3/secret"\n`
    } else if (engines.files === 'gluster') {
      await mkdir(join(dir, 'gluster/mount', schema))
      files = `url = "dir:${dir}/gluster/mount/${schema}"\n`
    }
    return new Stores(set, schema, lines.join('\n'), files)
  }

  async remove(): Promise<void> {
    await engine('drop-schema', this.set, this.schema)
  }
}

/** A process of the portal, or beside it, whose output is kept. It does not outlive the test's own process. */
export class Process {
  private static readonly living = new Set<ChildProcess>()
  static {
    process.once('exit', () => Process.living.forEach((child) => child.kill('SIGKILL')))
  }
  private log = ''
  private constructor(private readonly child: ChildProcess, private readonly what: string) {
    Process.living.add(child)
    child.once('exit', () => Process.living.delete(child))
    const keep = (chunk: Buffer) => (this.log = (this.log + chunk.toString()).slice(-16_000))
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
  }

  static start(program: string, args: string[]): Process {
    return new Process(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }), program)
  }

  get pid(): number {
    return this.child.pid ?? 0
  }
  get output(): string {
    return this.log
  }
  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }
  /** For probes: fails when it is gone. */
  check(): void {
    if (this.ended) throw new Error(`${this.what} ended: ${this.log}`)
  }
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Sends the signal and waits until the process is gone; kill -9 when it takes longer than 10 s. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.ended) return
    const gone = new Promise((done) => this.child.once('exit', done))
    this.child.kill(signal)
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 10_000)
    await gone
    clearTimeout(timer)
  }
}

/** The balancer of a portal: HAProxy, speaking TLS outside, one request to each process in turn. */
export async function startBalancer(folder: string, httpPort: number, httpsPort: number, backends: number[]): Promise<Process> {
  const pem = join(folder, 'balancer.pem')
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', join(folder, 'balancer.key'), '-out', pem])
  await writeFile(pem, (await readFile(pem, 'utf8')) + (await readFile(join(folder, 'balancer.key'), 'utf8')), { mode: 0o600 })
  const servers = backends.map((port, i) => `  server web${i} 127.0.0.1:${port}`)
  // A cookie `web` asks for one of them.
  const pinned = backends.map((_, i) => `  use-server web${i} if { req.cook(web) web${i} }`)
  // A request that a dying process may have begun is given to the other one with the same id: the receipt decides.
  await writeFile(join(folder, 'haproxy.cfg'), `
global
  nbthread 1
  maxconn 2000
  tune.bufsize 65536
defaults
  mode http
  timeout connect 1s
  timeout client 75s
  timeout server 75s
  timeout http-keep-alive 75s
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response response-timeout
  option http-keep-alive
  http-reuse always
frontend all
  bind 127.0.0.1:${httpPort}
  bind 127.0.0.1:${httpsPort} ssl crt ${pem}
  option forwardfor
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  http-request set-header X-Forwarded-Proto http if !{ ssl_fc }
  unique-id-format %[uuid()]
  unique-id-header X-Request-ID
  default_backend web
backend web
  balance roundrobin
${pinned.join('\n')}
${servers.join('\n')}
`)
  return Process.start('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')])
}
