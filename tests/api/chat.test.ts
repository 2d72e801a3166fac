// Two people who write through different processes: each message is there once, in one order, for both; also when the
// process that is writing it dies.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call, Portal, postJson, stoa, until } from '../support/portal'

interface Message {
  id: number
  author_id: number
  text: string
}

let portal: Portal
let ada = ''
let nora = ''
let noraId = 0

beforeAll(async () => {
  portal = await Portal.start()
  const invited = await stoa<{ user_id: number }>('user', 'invite', ...portal.store, '--email', 'nora@example.org', '--first-name', 'Nora')
  noraId = invited.user_id
  ada = await portal.webhook(1, 'im')
  nora = await portal.webhook(noraId, 'im')
})
afterAll(() => portal.stop())

/** The same webhook, answered by one process or another. */
const through = (process: number, hook: string) => {
  const urls = portal.directUrls
  return urls[process % urls.length]! + new URL(hook).pathname
}

/** All messages of the dialog, oldest first, as one process shows them. */
async function history(hook: string, dialog: number): Promise<Message[]> {
  const found: Message[] = []
  for (;;) {
    const LAST_ID = found[0]?.id
    const { messages } = await call<{ messages: Message[] }>(hook, 'im.dialog.messages.get', { DIALOG_ID: dialog, LIMIT: 50, LAST_ID })
    if (messages.length === 0) return found
    found.unshift(...messages.sort((one, other) => one.id - other.id))
  }
}

it('keeps each message once and in one order, however often it was sent', async () => {
  const count = 20
  const send = async (by: number, hook: string, to: number, n: number) => {
    const body = { DIALOG_ID: to, MESSAGE: `${by} says ${n}`, TEMPLATE_ID: `mine-${by}-${n}` }
    const [id, again] = await Promise.all([0, 1].map((process) => call<number>(through(process, hook), 'im.message.add', body)))
    expect(again).toBe(id)
    return id!
  }
  const talk = async (by: number, hook: string, to: number) => {
    const ids: number[] = []
    for (let n = 0; n < count; n++) ids.push(await send(by, hook, to, n))
    return ids
  }
  const ids = await Promise.all([talk(1, ada, noraId), talk(2, nora, 1)])
  for (const list of ids) expect(list).toEqual([...list].sort((one, other) => one - other))
  const shown = await history(through(0, ada), noraId)
  expect(shown.map(({ id }) => id)).toEqual(ids.flat().sort((one, other) => one - other))
  const told = (messages: Message[]) => messages.map(({ id, author_id, text }) => ({ id, author_id, text }))
  expect(told(await history(through(1, nora), 1))).toEqual(told(shown))
})

it('counts what the other has not read, wherever it is asked', async () => {
  const unread = (process: number) => call<{ TYPE: { CHAT: number; DIALOG: number; ALL: number } }>(through(process, nora), 'im.counters.get')
  const last = await call<number>(ada, 'im.message.add', { DIALOG_ID: noraId, MESSAGE: 'unread' })
  for (const process of [0, 1]) expect((await unread(process)).TYPE.ALL).toBeGreaterThan(0)
  await call(through(0, nora), 'im.dialog.read', { DIALOG_ID: 1, MESSAGE_ID: last })
  for (const process of [0, 1]) expect((await unread(process)).TYPE.ALL).toBe(0)
})

it('has a message once when the process that takes it is killed', { timeout: 300_000 }, async () => {
  const rounds = Math.min(Number(process.env.KILL_ROUNDS ?? 10), 10)
  const sent: { text: string; id: number }[] = []
  let stopped = false
  const speak = async (by: string, hook: string, to: number) => {
    for (let n = 0; !stopped; n++) {
      const text = `${by} in the storm ${n}`
      // As a client does: the same message, by the same name, until it is acknowledged.
      const id = await until(`${text} is acknowledged`, async () => {
        const answer = await postJson(`${hook}im.message.add`, { DIALOG_ID: to, MESSAGE: text, TEMPLATE_ID: `${by}-storm-${n}` })
        return answer.status === 200 && (answer.body.result as number)
      }, 60_000)
      sent.push({ text, id })
    }
  }
  const speakers = [speak('ada', ada, noraId), speak('nora', nora, 1)]
  for (let round = 0; round < rounds; round++) {
    const before = sent.length
    await until('messages of the round', async () => sent.length >= before + 6, 60_000)
    const victim = round % portal.directUrls.length
    await portal.killOne(victim)
    await portal.serveOne(victim)
  }
  stopped = true
  await Promise.all(speakers)
  const stored = (await history(ada, noraId)).filter(({ text }) => text.includes('in the storm'))
  expect(stored.map(({ id, text }) => ({ text, id }))).toEqual([...sent].sort((one, other) => one.id - other.id))
  for (const by of ['ada', 'nora']) {
    const numbers = stored.filter(({ text }) => text.startsWith(by)).map(({ text }) => Number(text.split(' ').at(-1)))
    expect(numbers).toEqual(numbers.map((_, n) => n))
  }
  console.log(`${stored.length} messages, ${rounds} kills: each once, in order`)
})
