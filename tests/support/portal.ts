// Starts the real program on free ports with a data folder of its own, and takes everything away afterwards.
// Shared by the suites in tests/; node's own modules only.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

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

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (!address || typeof address === 'string') throw new Error('no port')
  return address.port
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
  const { stdout } = await run(binary, [...args, '--json'], { timeout: 60_000, maxBuffer: 16 << 20 })
  return JSON.parse(stdout) as T
}

/** A command that must fail: its exit code and answer. */
export async function stoaFails(...args: string[]): Promise<{ code: number; out: string }> {
  try {
    await run(binary, args, { timeout: 60_000 })
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
}

export class Portal {
  readonly created!: Created
  private child?: ChildProcess
  private log = ''

  private constructor(
    readonly data: string,
    readonly httpPort: number,
    readonly httpsPort: number,
    private readonly serveArgs: string[],
  ) {}

  get http(): string {
    return `http://127.0.0.1:${this.httpPort}`
  }
  get https(): string {
    return `https://127.0.0.1:${this.httpsPort}`
  }
  get pid(): number {
    return this.child?.pid ?? 0
  }

  static async start(options: Options = {}): Promise<Portal> {
    if (!existsSync(binary)) throw new Error(`no program at ${binary}: build it, or set STOA_BIN`)
    const data = await mkdtemp(join(tmpdir(), 'stoa-test-'))
    const portal = new Portal(data, await freePort(), await freePort(), options.serve ?? [])
    if (options.config !== undefined) {
      const { writeFile } = await import('node:fs/promises')
      await writeFile(join(data, 'stoa.toml'), options.config)
      portal.serveArgs.push('--config', join(data, 'stoa.toml'))
    }
    try {
      const created = await stoa<Created>('account', 'create', '--data', data, '--url', options.browser ? portal.http : portal.https, ...(options.create ?? []))
      Object.assign(portal, { created })
      await portal.serve()
    } catch (error) {
      await portal.stop()
      throw error
    }
    return portal
  }

  /** Starts the server (again) on the same data and ports; returns when it answers. */
  async serve(): Promise<void> {
    const listen = ['--listen', `127.0.0.1:${this.httpsPort}`, '--listen-http', `127.0.0.1:${this.httpPort}`]
    const child = spawn(binary, ['serve', '--data', this.data, ...listen, ...this.serveArgs], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child = child
    const keep = (chunk: Buffer) => (this.log = (this.log + chunk.toString()).slice(-16_000))
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    await until('the server answers', async () => {
      if (child.exitCode !== null || child.signalCode !== null) return Promise.reject(new Error(`the server ended: ${this.log}`))
      return (await fetch(`${this.http}/ready`)).ok
    })
  }

  get output(): string {
    return this.log
  }

  /** kill -9, and wait until the process is gone. */
  async kill(): Promise<void> {
    await this.end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM')
    await rm(this.data, { recursive: true, force: true })
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((done) => child.once('exit', done))
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await gone
    clearTimeout(timer)
  }

  /** The webhook's address over plain http, ending in a slash. */
  get hook(): string {
    const path = new URL(this.created.webhook_url).pathname
    return `${this.http}${path.endsWith('/') ? path : `${path}/`}`
  }

  async webhook(user: number, scope: string, account?: number): Promise<string> {
    const args = ['webhook', 'create', '--data', this.data, '--user', String(user), '--scope', scope]
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
