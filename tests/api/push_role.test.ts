// The push server in processes of its own: what a web process tells is heard through them, and when one is killed its
// clients go on at the other where they stopped.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { ask, binary, freePort, Portal, stoaFails, until } from '../support/portal'
import { Process } from '../support/topology'

interface Config {
  server: Record<string, unknown>
  channels: { private: { id: string }; shared: { id: string } }
}
interface Frame {
  params: { mid: string; body: { module_id: string; command: string; params: Record<string, unknown> } }
}

/** A process of the role push. */
interface Push {
  url: string
  process: Process
}

let folder: string
let redis: Process
let portal: Portal
let bus: string
const pushes: Push[] = []

async function startPush(): Promise<Push> {
  const port = await freePort()
  const file = join(folder, `push-${port}.toml`)
  await writeFile(file, `data_dir = "${join(folder, `push-${port}`)}"\nhttp = true\n[push]\nkey_file = "${join(folder, 'push.key')}"\n${bus}`)
  const push = { url: `http://127.0.0.1:${port}`, process: Process.start(binary, ['serve', '--roles', 'push', '--config', file, '--listen', `127.0.0.1:${port}`]) }
  pushes.push(push)
  await until('the push server answers', async () => push.process.ended || (await ask(`${push.url}/ready`)).status === 200)
  push.process.check()
  return push
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stoa-push-'))
  const port = await freePort()
  redis = Process.start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'])
  bus = `[bus]\nurl = "redis://127.0.0.1:${port}"\n`
  await writeFile(join(folder, 'push.key'), 'a key that all processes have\n')
  portal = await Portal.start({
    topology: 'single',
    config: `[push]\nkey_file = "${join(folder, 'push.key')}"\n${bus}`,
    serve: ['--roles', 'web'],
  })
  await Promise.all([startPush(), startPush()])
}, 60_000)
afterAll(async () => {
  for (const { process } of pushes) await process.end('SIGKILL')
  await portal?.stop()
  await redis?.end('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

async function call<T>(method: string, parameters: object = {}): Promise<T> {
  const answer = await ask(`${portal.hook}${method}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(parameters) })
  expect(answer.status, answer.text).toBe(200)
  return answer.body.result
}
const tell = (n: number) => call('pull.application.event.add', { COMMAND: 'news', PARAMS: { n }, MODULE_ID: 'test' })

async function channels(): Promise<string> {
  const config = await call<Config>('pull.application.config.get')
  return `${config.channels.private.id}/${config.channels.shared.id}`
}

/** A client of the protocol: remembers its position. */
class Client {
  readonly heard: number[] = []
  readonly states: boolean[] = []
  mid = ''
  private socket?: WebSocket
  code = 0

  async connect(push: Push, ids: string): Promise<void> {
    const states = this.states.length
    const position = this.mid ? `&mid=${this.mid}` : ''
    const socket = new WebSocket(`${push.url.replace('http', 'ws')}/push/ws?jsonRpc=true&CHANNEL_ID=${encodeURIComponent(ids)}${position}`)
    this.socket = socket
    this.code = 0
    socket.on('error', () => undefined)
    socket.on('close', (code) => (this.code = code))
    socket.on('message', (data) => this.hear(String(data)))
    await until('connected', async () => this.states.length > states)
  }
  private hear(text: string): void {
    if (text === 'ping') return this.socket!.send('pong')
    const { params } = JSON.parse(text) as Frame
    this.mid = params.mid
    if (params.body.command === 'stream_state') this.states.push(params.body.params.recovered as boolean)
    else if (params.body.module_id === 'test') this.heard.push(params.body.params.n as number)
  }
  close(): void {
    this.socket?.close()
  }
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

describe('processes of different roles', () => {
  it('serve what is theirs', async () => {
    expect((await ask(`${portal.http}/push/poll?CHANNEL_ID=x`)).status).toBe(404)
    expect((await ask(`${portal.http}/ready`)).status).toBe(200)
    const push = pushes[0]!
    expect((await ask(`${push.url}/push/poll?CHANNEL_ID=x`)).status).toBe(403)
    for (const path of ['/', '/rest/profile', '/api/session']) expect((await ask(push.url + path)).status, path).toBe(404)
    expect((await ask(`${push.url}/health`)).status).toBe(200)
    expect((await ask(`${push.url}/metrics`)).text).toContain('stoa_engine_reachable{engine="bus"} 1')
    const config = await call<Config>('pull.application.config.get')
    expect(config.server.websocket_secure, 'the balancer knows who serves it').toBe(`${portal.created.url.replace('https', 'wss')}/push/ws`)
  })

  it('carry what a web process tells, and a client goes on elsewhere when its push server is killed', async () => {
    const [first, second] = [pushes[0]!, pushes[1]!]
    const client = new Client()
    const ids = await channels()
    await client.connect(first, ids)
    for (const n of upTo(20)) await tell(n)
    await until('heard', async () => client.heard.length === 20)
    const more = (async () => {
      for (let n = 21; n <= 60; ++n) await tell(n)
    })()
    await until('some of it is heard', async () => client.heard.length > 25)
    await first.process.end('SIGKILL')
    await until('cut off', async () => client.code !== 0)
    await more
    await client.connect(second, ids)
    await until('all is heard', async () => client.heard.length >= 60)
    expect(client.heard).toEqual(upTo(60))
    expect(client.states).toEqual([true, true])
    await tell(61)
    await until('it goes on', async () => client.heard.length > 60)
    expect(client.heard).toEqual(upTo(61))
    client.close()
  })

  it('ask who publishes too much to wait', async () => {
    const ids = await channels()
    const publish = () => ask(`${pushes[1]!.url}/push/publish?CHANNEL_ID=${encodeURIComponent(ids)}`, {
      method: 'POST',
      body: JSON.stringify({ userList: [2], body: { module_id: 'test', command: 'wave' } }),
    })
    const answers = await Promise.all(upTo(150).map(publish))
    const refused = answers.filter(({ status }) => status !== 200)
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(50)
    expect(refused.length).toBeGreaterThan(0)
    for (const answer of refused) {
      expect(answer.status).toBe(429)
      expect(answer.headers.get('retry-after')).toBe('1')
      expect(answer.body.error).toBe('QUERY_LIMIT_EXCEEDED')
    }
  })

  it('send their clients elsewhere when they are stopped', async () => {
    const push = await startPush()
    const clients = upTo(8).map(() => new Client())
    const ids = await channels()
    for (const client of clients) await client.connect(push, ids)
    push.process.signal('SIGTERM')
    await until('all are told', async () => clients.every(({ code }) => code !== 0))
    expect(clients.map(({ code }) => code)).toEqual(clients.map(() => 1012))
    await until('the process is gone', async () => push.process.ended)
  })

  it('say that they are not ready while the bus is away', async () => {
    redis.signal('SIGSTOP')
    try {
      await until('not ready', async () => (await ask(`${pushes[1]!.url}/ready`)).status === 503)
      expect((await ask(`${pushes[1]!.url}/health`)).status).toBe(200)
      expect((await ask(`${portal.http}/ready`)).status, 'pages do without it').toBe(200)
    } finally {
      redis.signal('SIGCONT')
    }
    await until('ready', async () => (await ask(`${pushes[1]!.url}/ready`)).status === 200)
  })

  it('do not start without what they share', async () => {
    const key = join(folder, 'push.key')
    const start = async (roles: string, config: string) => {
      const file = join(folder, 'wrong.toml')
      await writeFile(file, `data_dir = "${join(folder, 'wrong')}"\nhttp = true\n${config}`)
      return stoaFails('serve', '--roles', roles, '--config', file, '--listen', '127.0.0.1:0')
    }
    expect((await start('push', `[push]\nkey_file = "${key}"\n`)).out).toContain('bus.url')
    expect((await start('push', bus)).out).toContain('push.key_file')
    expect((await start('web', '')).out).toContain('bus.url')
    expect((await start('mail', '')).code).toBe(2)
  })
})
