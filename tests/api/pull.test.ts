// Push & pull with the official client, unchanged: it finds the push server by REST, connects by WebSocket, hears and
// sends, and comes back when the server was killed.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { B24Hook, B24PullClientManager, PullStatus, SubscriptionType } from '@bitrix24/b24jssdk'
import WebSocket from 'ws'
import { Portal, until } from '../support/portal'
import { topologyName } from '../support/topology'

// Two processes on one file have no bus between them.
const alone = topologyName() === 'sqlite'

/** As in a browser: an error that nobody listens to is no exception. */
class BrowserSocket extends WebSocket {
  constructor(address: string) {
    super(address)
    this.on('error', () => {})
  }
}

interface Config {
  server: Record<string, unknown>
  channels: { private: { id: string; end: string }; shared: { id: string } }
  publicChannels: Record<string, { public_id: string; signature: string }>
}

let portal: Portal
let b24: B24Hook
const clients: B24PullClientManager[] = []

beforeAll(async () => {
  // The client is made for browsers.
  vi.stubGlobal('window', { WebSocket: BrowserSocket, addEventListener() {}, removeEventListener() {} })
  vi.stubGlobal('document', { location: { href: 'https://portal/' } })
  vi.stubGlobal('WebSocket', BrowserSocket)
  portal = await Portal.start({ create: ['--fixtures', 'sdk'] })
  b24 = B24Hook.fromWebhookUrl(portal.created.webhook_url)
})
afterAll(async () => {
  for (const client of clients) client.destroy()
  b24.destroy()
  await portal.stop()
})

async function connect(user = 1): Promise<{ client: B24PullClientManager; heard: string[] }> {
  const client = new B24PullClientManager({ b24, restApplication: 'test', userId: user, skipStorageInit: true })
  clients.push(client)
  const heard: string[] = []
  client.subscribe({
    type: SubscriptionType.Client,
    moduleId: 'test',
    callback: (message: { command: string; params: { n: number } }) => heard.push(`${message.command} ${message.params.n}`),
  })
  await client.start()
  return { client, heard }
}

async function call<T>(method: string, parameters: object = {}): Promise<T> {
  const answer = await fetch(`${portal.hook}${method}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(parameters) })
  return ((await answer.json()) as { result: T }).result
}

describe.skipIf(alone)('the official pull client', () => {
  it('connects, hears what is sent to its user, and is known to be there', async () => {
    const first = await connect()
    const second = await connect()
    expect(first.client.status).toBe(PullStatus.Online)
    await first.client.sendMessage([1], 'test', 'wave', { n: 1 })
    await first.client.sendMessage([2], 'test', 'wave', { n: 2 })
    await second.client.sendMessage([1], 'test', 'wave', { n: 3 })
    for (const one of [first, second]) await until('both are heard', async () => one.heard.length >= 2)
    expect(first.heard).toEqual(['wave 1', 'wave 3'])
    expect(second.heard).toEqual(['wave 1', 'wave 3'])
    await first.client.ping()
    const channels = (await call<Config>('pull.application.config.get')).publicChannels['1']!
    await first.client.sendMessageToChannels([`${channels.public_id}.${channels.signature}`], 'test', 'wave', { n: 4 })
    await until('heard', async () => second.heard.at(-1) === 'wave 4')
  })

  it('hears what an application tells its pages', async () => {
    const { client } = await connect()
    const heard: string[] = []
    client.subscribe({
      type: SubscriptionType.Server,
      moduleId: 'test',
      callback: (message: { command: string; params: { n: number } }) => heard.push(`${message.command} ${message.params.n}`),
    })
    expect(await call('pull.application.event.add', { COMMAND: 'news', PARAMS: { n: 1 }, MODULE_ID: 'test' })).toBe(true)
    expect(await call('pull.application.event.add', { COMMAND: 'news', PARAMS: { n: 2 }, MODULE_ID: 'test', USER_ID: [1] })).toBe(true)
    expect(await call('pull.application.event.add', { COMMAND: 'news', PARAMS: { n: 3 }, MODULE_ID: 'test', USER_ID: 2 })).toBe(true)
    expect(await call('pull.application.event.add', { COMMAND: 'news', PARAMS: { n: 4 }, MODULE_ID: 'test', USER_ID: 1 })).toBe(true)
    await until('heard', async () => heard.length >= 3)
    expect(heard).toEqual(['news 1', 'news 2', 'news 4'])
    client.destroy()
  })

  it('comes back by itself when the server was killed', async () => {
    const { client, heard } = await connect()
    await client.sendMessage([1], 'test', 'wave', { n: 1 })
    await until('heard', async () => heard.length === 1)
    await portal.kill()
    await until('offline', async () => client.status !== PullStatus.Online)
    await portal.serve()
    await until('online', async () => client.isConnected(), 40_000)
    await client.sendMessage([1], 'test', 'wave', { n: 2 })
    await until('heard', async () => heard.length === 2)
    expect(heard).toEqual(['wave 1', 'wave 2'])
  })
})

describe('pull.*', () => {
  it('tells an application its own channels, which end in the future', async () => {
    const config = await call<Config>('pull.application.config.get', { CACHE: 'N' })
    expect(config.server).toMatchObject({ version: 5, server_enabled: true, websocket_enabled: true })
    expect(config.server.websocket_secure).toBe(`${portal.created.url.replace('https', 'wss')}/push/ws`)
    expect(config.channels.private.id).toMatch(/^x1-1-\d+-[0-9a-f]{16}\..+/)
    expect(new Date(config.channels.private.end).getTime()).toBeGreaterThan(Date.now() + 3_600_000)
  })

  it('gives the portal\'s own channels to its pages only', async () => {
    const answer = await fetch(`${portal.hook}pull.config.get`)
    expect(answer.status).toBe(403)
    expect(((await answer.json()) as { error: string }).error).toBe('WRONG_AUTH_TYPE')
  })

  it('names public channels of users that are there', async () => {
    const channels = await call<Record<string, { user_id: number }>>('pull.channel.public.list', { users: [1, 999_999] })
    expect(Object.keys(channels)).toEqual(['1'])
    expect(channels['1']!.user_id).toBe(1)
    const wrong = await fetch(`${portal.hook}pull.channel.public.list?users[]=x`)
    expect(wrong.status).toBe(400)
  })

  it('lets nobody in without a signed channel', async () => {
    const code = await new Promise((done) => {
      const socket = new WebSocket(`${portal.http.replace('http', 'ws')}/push/ws?CHANNEL_ID=u1-1-9999999999.AAAA`)
      socket.on('close', done)
    })
    expect(code).toBe(4010)
  })
})
