// Starts the real program on free ports with a data folder of its own, and takes everything away afterwards.
// Shared by the suites in tests/; node's own modules only. Where it runs is chosen in topology.ts.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { alone, Process, startBalancer, Stores, topologyName, type Engines, type TopologyName } from './topology'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const binary = resolve(root, process.env.STOA_BIN ?? 'build/release/stoa')
export const uiFolder = resolve(root, process.env.STOA_UI ?? 'ui/dist')
const run = promisify(execFile)

export interface Created {
  account_id: number
  url: string
  admin_login_link: string
  webhook_url: string
  oauth: { client_id: string; client_secret: string }
}

const given = new Set<number>()
/** Nobody else gets it meanwhile. */
export async function freePort(): Promise<number> {
  // Workers have ranges of their own, below the ports that the kernel gives: a process that is killed and started again
  // would otherwise share its port (SO_REUSEPORT) with that of another test, which took it meanwhile.
  const first = 10_000 + (Number(process.env.VITEST_POOL_ID ?? 0) % 10) * 500
  for (let tries = 0; tries < 2_000; ++tries) {
    const port = first + Math.floor(Math.random() * 500)
    if (given.has(port)) continue
    const server = createServer()
    const free = await new Promise<boolean>((done) => {
      server.once('error', () => done(false))
      server.listen(port, '127.0.0.1', () => done(true))
    })
    if (!free) continue
    await new Promise((done) => server.close(done))
    given.add(port)
    return port
  }
  throw new Error(`no free port from ${first} on`)
}

/** Polls until the probe gives something; fails with the last error after the limit. */
export async function until<T>(what: string, probe: () => Promise<T | false | undefined | null>, limitMs = 15_000): Promise<T> {
  const deadline = Date.now() + limitMs
  let last: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value) return value
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline) throw new Error(`timed out: ${what}${last ? ` (${String(last)})` : ''}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

/** Runs a command of the program and reads its JSON answer. */
export async function stoa<T>(...args: string[]): Promise<T> {
  const { stdout } = await run(binary, [...args, '--json'], { timeout: 170_000, maxBuffer: 16 << 20 })
  return JSON.parse(stdout) as T
}

/** A command that must fail: its exit code and answer. */
export async function stoaFails(...args: string[]): Promise<{ code: number; out: string }> {
  try {
    await run(binary, args, { timeout: 170_000 })
  } catch (error) {
    const failed = error as { code: number; stdout: string; stderr: string }
    return { code: failed.code, out: failed.stdout + failed.stderr }
  }
  throw new Error(`stoa ${args.join(' ')} should fail`)
}

export interface Options {
  /** Arguments of `account create` besides --data, --url and --json. */
  create?: string[]
  serve?: string[]
  /** TOML text for --config. */
  config?: string
  /** The account's address is the plain http one, which a test browser trusts. */
  browser?: boolean
  /** Instead of the one that STOA_TEST_TOPOLOGY chooses. */
  topology?: TopologyName
  /** Other engines than a Redis and a shared folder. */
  engines?: Engines
}

/** One process of the portal: its own port for plain http, and what only it has. */
interface Web {
  port: number
  args: string[]
  process?: Process
}

export class Portal {
  readonly created!: Created
  private readonly webs: Web[] = []
  private balancer?: Process
  private stores?: Stores
  /** Says which portal a command of the program means. */
  store: string[] = []

  private constructor(
    readonly data: string,
    readonly httpPort: number,
    readonly httpsPort: number,
    private readonly options: Options,
  ) {}

  get http(): string {
    return `http://127.0.0.1:${this.httpPort}`
  }
  get https(): string {
    return `https://127.0.0.1:${this.httpsPort}`
  }
  /** Where the program itself listens, without a balancer in between. */
  get rawPort(): number {
    return this.webs[0]!.port
  }
  /** Each process by itself. */
  get directUrls(): string[] {
    return this.webs.map((web) => `http://127.0.0.1:${web.port}`)
  }
  /** Of the database, where engines keep it. */
  get schema(): string {
    return this.stores?.schema ?? ''
  }
  get pids(): number[] {
    return this.webs.map((web) => web.process?.pid ?? 0)
  }

  static async start(options: Options = {}): Promise<Portal> {
    if (!existsSync(binary)) throw new Error(`no program at ${binary}: build it, or set STOA_BIN`)
    const data = await mkdtemp(join(tmpdir(), 'stoa-test-'))
    const portal = new Portal(data, await freePort(), await freePort(), options)
    try {
      await portal.configure()
      const url = options.browser ? portal.http : portal.https
      const created = await alone(options.topology ?? topologyName(), () =>
        stoa<Created>('account', 'create', ...portal.store, '--url', url, ...(options.create ?? [])))
      Object.assign(portal, { created })
      await portal.serve()
      if (portal.webs.length > 1) {
        const ports = portal.webs.map((web) => web.port)
        portal.balancer = await startBalancer(data, portal.httpPort, portal.httpsPort, ports)
        await portal.answers(portal.http, portal.balancer)
      }
    } catch (error) {
      await portal.stop()
      throw error
    }
    return portal
  }

  /** Writes the configuration of each process. */
  private async configure(): Promise<void> {
    const { config = '', serve = [], topology = topologyName() } = this.options
    if (topology === 'single') {
      const listen = ['--listen', `127.0.0.1:${this.httpsPort}`, '--listen-http', `127.0.0.1:${this.httpPort}`]
      this.store = ['--data', this.data]
      if (this.options.config !== undefined) await writeFile(join(this.data, 'stoa.toml'), config)
      const file = this.options.config === undefined ? [] : ['--config', join(this.data, 'stoa.toml')]
      this.webs.push({ port: this.httpPort, args: ['--data', this.data, ...listen, ...serve, ...file] })
      return
    }
    if (topology !== 'sqlite') this.stores = await Stores.make(topology, this.options.engines ?? {})
    await mkdir(join(this.data, 'files'))
    const pushKey = join(this.data, 'push.key')
    await writeFile(pushKey, 'a key that all processes have\n')
    for (const name of ['web1', 'web2']) {
      // Processes on engines share nothing but those, as if each were on a machine of its own.
      const folder = join(this.data, topology === 'sqlite' ? 'data' : name)
      const file = join(this.data, `${name}.toml`)
      const head = `data_dir = "${folder}"\nhttp = true\ntrusted_proxies = ["127.0.0.1/32"]\nworkers = 4\n`
      const files = this.stores ? `[files]\n${this.stores.files || `url = "dir:${join(this.data, 'files')}"\n`}` : ''
      const push = `[push]\nkey_file = "${pushKey}"\n`
      await writeFile(file, `${head}${push}${files}${this.stores?.config ?? ''}\n${config}`)
      const port = await freePort()
      this.webs.push({ port, args: ['--config', file, '--listen', `127.0.0.1:${port}`, ...serve] })
      if (this.store.length === 0) this.store = ['--config', file]
    }
  }

  /** Starts the processes (again) on the same data and ports; returns when they answer. */
  async serve(): Promise<void> {
    await Promise.all(this.webs.map((_, i) => this.serveOne(i)))
  }
  async serveOne(index: number): Promise<void> {
    const web = this.webs[index]!
    web.process = Process.start(binary, ['serve', ...web.args])
    await this.answers(`http://127.0.0.1:${web.port}`, web.process)
  }
  private async answers(url: string, process: Process): Promise<void> {
    await until(`${url} answers`, async () => process.ended || (await fetch(`${url}/ready`)).ok)
    process.check()
  }

  get output(): string {
    return this.webs.map((web) => web.process?.output ?? '').join('')
  }

  /** kill -9 to all processes of the portal, and wait until they are gone. */
  async kill(): Promise<void> {
    await Promise.all(this.webs.map((web) => web.process?.end('SIGKILL')))
  }
  async killOne(index: number): Promise<void> {
    await this.webs[index]!.process?.end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.balancer?.end('SIGKILL')
    await Promise.all(this.webs.map((web) => web.process?.end('SIGTERM')))
    await this.stores?.remove()
    await rm(this.data, { recursive: true, force: true })
  }

  /** The webhook's address over plain http, ending in a slash. */
  get hook(): string {
    const path = new URL(this.created.webhook_url).pathname
    return `${this.http}${path.endsWith('/') ? path : `${path}/`}`
  }

  async webhook(user: number, scope: string, account?: number): Promise<string> {
    const args = ['webhook', 'create', ...this.store, '--user', String(user), '--scope', scope]
    if (account) args.push('--account', String(account))
    const made = await stoa<{ webhook_url: string }>(...args)
    return `${this.http}${new URL(made.webhook_url).pathname.replace(/\/?$/, '/')}`
  }
}

export interface Answer {
  status: number
  headers: Headers
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any
  text: string
}

/** One HTTP exchange; the body is parsed when it is JSON. */
export async function ask(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init })
  const text = await response.text()
  let body: unknown = text
  try {
    body = JSON.parse(text)
  } catch {
    // not JSON: the text stands
  }
  return { status: response.status, headers: response.headers, body, text }
}

export function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return ask(url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) })
}

/** The result of a call that must succeed. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export async function call<T = any>(hook: string, method: string, params: unknown = {}): Promise<T> {
  const answer = await postJson(hook + method, params)
  if (answer.status !== 200 || answer.body.error) throw new Error(`${method}: ${answer.status} ${answer.text}`)
  return answer.body.result as T
}
