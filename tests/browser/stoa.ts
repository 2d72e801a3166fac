// Starts the real program on a free port with a fresh demo portal, and takes everything away afterwards.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const binary = resolve(root, process.env.STOA_BIN ?? 'build/release/stoa')
const ui = resolve(root, process.env.STOA_UI ?? 'ui/dist')
const run = promisify(execFile)

export interface Stoa {
  url: string
  /** Token of the administrator's one-time link. */
  token: string
  stop: () => Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (!address || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Finds the one-time link wherever the answer of `account create` carries it. */
function findToken(answer: unknown): string | undefined {
  if (typeof answer === 'string') return /\/link\/([^/?#\s"]+)/.exec(answer)?.[1]
  if (answer && typeof answer === 'object') {
    for (const value of Object.values(answer)) {
      const token = findToken(value)
      if (token) return token
    }
  }
  return undefined
}

/** Polls until the condition holds; fails with the last error after the limit. */
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
    await new Promise((done) => setTimeout(done, 50))
  }
}

export async function startStoa(): Promise<Stoa> {
  if (!existsSync(binary)) throw new Error(`no program at ${binary}: build it, or set STOA_BIN`)
  if (!existsSync(join(ui, 'index.html'))) throw new Error(`no interface at ${ui}: run npm run build in ui`)
  const data = await mkdtemp(join(tmpdir(), 'stoa-browser-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const created = await run(binary, ['account', 'create', '--data', data, '--url', url, '--demo', '--json'], { timeout: 30_000 })
  const token = findToken(JSON.parse(created.stdout))
  if (!token) throw new Error(`account create gave no one-time link: ${created.stdout}`)
  let log = ''
  const child: ChildProcess = spawn(binary, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--http', '--ui', ui], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let ended = false
  child.once('exit', () => (ended = true))
  const keep = (chunk: Buffer) => (log = (log + chunk.toString()).slice(-8000))
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const stop = async () => {
    if (!ended) {
      const gone = new Promise((done) => child.once('exit', done))
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
      await gone
      clearTimeout(timer)
    }
    await rm(data, { recursive: true, force: true })
  }
  try {
    await until('the server answers', async () => {
      return ended || (await fetch(`${url}/login`)).ok
    })
    if (ended) throw new Error('the server ended')
  } catch (error) {
    await stop()
    throw new Error(`${String(error)}\n${log}`)
  }
  return { url, token, stop }
}

/** A signed-in client without a browser, to prepare data and to look at what the server holds. */
export class Client {
  private constructor(
    private readonly url: string,
    readonly cookie: { name: string; value: string },
    private readonly csrf: string,
  ) {}

  static async fromLink(stoa: Stoa, password: string): Promise<Client> {
    const answer = await fetch(`${stoa.url}/api/link/${stoa.token}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'Ada', lastName: 'Admin', password, language: 'en', timeZone: 'Europe/Berlin', currency: 'EUR' }),
    })
    return Client.fromAnswer(stoa, answer)
  }

  static async login(stoa: Stoa, email: string, password: string): Promise<Client> {
    const answer = await fetch(`${stoa.url}/api/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email, password }),
    })
    return Client.fromAnswer(stoa, answer)
  }

  private static async fromAnswer(stoa: Stoa, answer: Response): Promise<Client> {
    if (!answer.ok) throw new Error(`sign-in failed: ${answer.status} ${await answer.text()}`)
    const [name = '', value = ''] = (answer.headers.getSetCookie()[0] ?? '').split(';')[0]!.split(/=(.*)/s)
    const session = await fetch(`${stoa.url}/api/session`, { headers: { Cookie: `${name}=${value}` } })
    const { csrf } = (await session.json()) as { csrf: string }
    return new Client(stoa.url, { name, value }, csrf)
  }

  async send<T>(path: string, body: unknown = {}, method = 'POST'): Promise<T> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', Cookie: `${this.cookie.name}=${this.cookie.value}`, 'X-Stoa-CSRF': this.csrf },
      body: method === 'GET' ? undefined : JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
    return (text ? JSON.parse(text) : null) as T
  }

  async rest<T>(name: string, params: unknown = {}): Promise<T> {
    return (await this.send<{ result: T }>(`/rest/${name}`, params)).result
  }
}
