// Large stores move while clients write: how long a write waits at most, seen from outside, and that every deal and
// contact answers the same before and after. Sizes: MOVE_DEALS (20 000), MOVE_CONTACTS (5 000).
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Portal, postJson, stoa, until } from '../../support/portal'
import { growRows } from '../../../bench/rest/grow.mjs'
import { leads, Mover, newHome, readAll, unlimited, Writers, type Home } from './support'

const sizes = { crm_deals: Number(process.env.MOVE_DEALS ?? 20_000), crm_contacts: Number(process.env.MOVE_CONTACTS ?? 5_000) }
const pagesMax = 20

let portal: Portal
let home: Home
beforeEach(async () => {
  home = await newHome()
  portal = await Portal.start({ create: ['--demo'], config: unlimited })
})
afterEach(async () => {
  await portal.stop()
  await home.remove()
})

/** Stops the portal, copies rows of an account inside its store, and starts it again. */
async function grow(account: number): Promise<void> {
  await portal.kill()
  for (const [table, count] of Object.entries(sizes)) growRows(join(portal.data, 'stoa.db'), table, account, count)
  await portal.serve()
}

/** A digest of all fields of every deal and contact, as the REST interface shows them. */
async function digests(hook: string): Promise<Record<string, string>> {
  const digest: Record<string, string> = {}
  for (const entity of ['deal', 'contact']) {
    const hash = createHash('sha256')
    let rows = 0
    for (let last = 0, more = true; more; last += 2_500) {
      const cmd = Object.fromEntries(Array.from({ length: 50 }, (_, i) =>
        [`page${i}`, `crm.${entity}.list?start=-1&order[ID]=ASC&filter[>ID]=${last + i * 50}&filter[<=ID]=${last + i * 50 + 50}&select[]=*`]))
      const answer = await postJson(`${hook}batch`, { halt: 1, cmd })
      if (answer.status !== 200 || answer.body.result.result_error.length !== 0) throw new Error(answer.text.slice(0, 500))
      const pages = Object.values(answer.body.result.result) as object[][]
      const found = pages.reduce((sum, page) => sum + page.length, 0)
      for (const page of pages) hash.update(JSON.stringify(page))
      rows += found
      more = found > 0
    }
    digest[entity] = `${rows} rows ${hash.digest('hex')}`
  }
  return digest
}

/** One new lead every few milliseconds, whatever becomes of those before: when writes were answered, and their waits. */
class Metronome {
  readonly answeredAt: number[] = []
  readonly waits: { at: number; ms: number }[] = []
  readonly failures: string[] = []
  private stopped = false
  private readonly under = new Set<Promise<void>>()
  private readonly beat: Promise<void>

  constructor(private readonly hook: string, everyMs: number) {
    this.beat = (async () => {
      const begin = performance.now()
      for (let n = 0; !this.stopped; n++) {
        const one: Promise<void> = this.write(n).finally(() => this.under.delete(one))
        this.under.add(one)
        const left = begin + (n + 1) * everyMs - performance.now()
        await new Promise((done) => setTimeout(done, Math.max(0, left)))
      }
    })()
  }

  private async write(n: number): Promise<void> {
    const begin = performance.now()
    const answer = await postJson(`${this.hook}crm.lead.add`, { fields: { TITLE: `beat ${n}` } }, { 'Idempotency-Key': `beat ${n}` }).catch(String)
    const now = performance.now()
    if (typeof answer === 'string' || answer.status !== 200) this.failures.push(typeof answer === 'string' ? answer : `${answer.status} ${answer.text}`)
    this.answeredAt.push(now)
    this.waits.push({ at: begin, ms: now - begin })
  }

  async stop(): Promise<void> {
    this.stopped = true
    await this.beat
    await Promise.all(this.under)
  }

  /** The longest time without any answer, between two moments. */
  longestGap(from: number, to: number): number {
    let longest = 0
    let last = from
    for (const at of this.answeredAt.filter((at) => at > from)) {
      longest = Math.max(longest, Math.min(at, to) - last)
      last = at
      if (at > to) break
    }
    return longest
  }
  longestWait(from: number, to: number): number {
    return Math.max(0, ...this.waits.filter((wait) => wait.at + wait.ms > from && wait.at < to).map((wait) => wait.ms))
  }
}

/** What was added more than once; the demo's own leads share titles. */
const twice = (stored: Map<string, number[]>) => [...stored].filter(([title, ids]) => title.startsWith('beat ') && ids.length > 1)

/** Runs the mover; says what clients saw before it, while it copied, at the switch, and after it. */
async function timedMove(args: string[], clients: Metronome[]): Promise<{ mover: Mover; said: string }> {
  const calmFrom = performance.now()
  await new Promise((done) => setTimeout(done, 3_000))
  const begin = performance.now()
  const mover = Mover.start(...args)
  let compared = 0
  let switched = 0
  let cleaning = 0
  const watch = setInterval(() => {
    if (!compared && mover.text.includes('comparing')) compared = performance.now()
    if (!switched && mover.text.includes('switching')) switched = performance.now()
    if (!cleaning && mover.text.includes('cleaning')) cleaning = performance.now()
  }, 1)
  const code = await mover.ended
  clearInterval(watch)
  expect(code, mover.text).toBe(0)
  const end = performance.now()
  await new Promise((done) => setTimeout(done, 3_000))
  const stretches: [string, number, number][] = [
    ['before', calmFrom, begin], ['copying', begin, compared], ['comparing', compared, switched - 20],
    ['switch', switched - 20, cleaning || end], ...(cleaning ? [['cleaning', cleaning, end] as [string, number, number]] : []),
    ['after', end, end + 3_000],
  ]
  const said = stretches.map(([name, from, to]) =>
    `${name} ${((to - from) / 1_000).toFixed(1)} s: ${clients.map((client) => `${Math.round(client.longestGap(from, to))} / ${Math.round(client.longestWait(from, to))}`).join(' and ')} ms`)
  const { rows, seconds, pause_ms, attempts, compared: how } = mover.answer
  return {
    mover,
    said: `${rows} rows in ${seconds.toFixed(1)} s; pause ${pause_ms} ms by its own report (${attempts} attempts, compared ${how}); ` +
      `longest gap / longest wait of a write, seen by clients: ${said.join(', ')}`,
  }
}

describe(`${sizes.crm_deals} deals and ${sizes.crm_contacts} contacts`, () => {
  it('move with everything else, and answer the same', async () => {
    await grow(1)
    const before = { ...(await digests(portal.hook)), ...Object.fromEntries(await readAll(portal.hook, pagesMax)) }
    const writers = new Writers(portal.hook, 'lead', 2)
    const metronome = new Metronome(portal.hook, 10)
    const { mover, said } = await timedMove(
      ['cluster', 'promote', '--data', portal.data, '--to', home.address, '--password-file', home.passwordFile, '--json'], [metronome])
    await metronome.stop()
    await writers.stop()
    console.log(`promote: ${said}; ${writers.acknowledged.size + metronome.waits.length} leads added meanwhile`)
    expect([...writers.failures, ...writers.stale, ...metronome.failures].slice(0, 3)).toEqual([])
    const stored = await leads(portal.hook)
    for (const [title, id] of writers.acknowledged) expect(stored.get(title), title).toEqual([id])
    expect([...stored.keys()].filter((title) => title.startsWith('beat ')).length).toBe(metronome.waits.length)
    expect(twice(stored)).toEqual([])
    expect(mover.answer.pause_ms).toBeLessThanOrEqual(2_000)
    const after = { ...(await digests(portal.hook)), ...Object.fromEntries(await readAll(portal.hook, pagesMax)) }
    for (const [what, answer] of Object.entries(before)) expect(after[what as keyof typeof after], what).toBe(answer)
  })

  it('move as one account while another stays', async () => {
    const created = await stoa<{ account_id: number; webhook_url: string }>('account', 'create', '--demo', '--data', portal.data)
    await grow(created.account_id)
    const hook = `${portal.http}${new URL(created.webhook_url).pathname.replace(/\/?$/, '/')}`
    const before = await digests(hook)
    const staying = new Metronome(portal.hook, 20)
    const moving = new Metronome(hook, 20)
    const { mover, said } = await timedMove(
      ['account', 'move', '--account', String(created.account_id), '--data', portal.data, '--to', home.address, '--password-file', home.passwordFile, '--json'],
      [moving, staying])
    await Promise.all([moving.stop(), staying.stop()])
    console.log(`account move (the account that moves and the one that stays): ${said}`)
    expect([...moving.failures, ...staying.failures].slice(0, 3)).toEqual([])
    for (const [of, at] of [[moving, hook], [staying, portal.hook]] as const) {
      const stored = await leads(at)
      expect([...stored.keys()].filter((title) => title.startsWith('beat ')).length).toBe(of.waits.length)
      expect(twice(stored)).toEqual([])
    }
    expect(mover.answer.pause_ms).toBeLessThanOrEqual(2_000)
    expect(await digests(hook)).toEqual(before)
    await until('the old rows are gone', async () => (await postJson(`${portal.hook}crm.deal.list`, { select: ['ID'] })).status === 200)
  })
})
