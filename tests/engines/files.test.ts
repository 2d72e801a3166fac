// A file store that is killed or freezes: what needs no file keeps its speed, what needs one is refused clearly and in
// time, and nothing that was confirmed is lost.
import { createHash, randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, call, Portal, postJson, until, type Answer } from '../support/portal'
import { engine } from '../support/topology'
import { most, pause, percentile, randomFrom, seedOf } from './load'

const rounds = Number(process.env.ROUNDS ?? 3)
const freezeMs = Number(process.env.FREEZE_MS ?? 6_000)
let portal: Portal | undefined
afterEach(async () => {
  await portal?.stop()
  portal = undefined
})

interface Stored {
  id: number
  sha256: string
}

/** Clients that upload and download; what was answered, and how. */
class FileLoad {
  readonly stored: Stored[] = []
  /** Milliseconds of each refusal with 503. */
  readonly refusals: number[] = []
  readonly failures: string[] = []
  uploads = 0
  private storage = 0
  private stopped = false
  private running: Promise<void>[] = []
  private serial = 0

  /** restMs: how long each client rests between two requests. */
  constructor(private readonly portal: Portal, private readonly restMs = 0) {}

  async start(clients: number): Promise<void> {
    this.storage ||= Number((await call<{ ID: string }[]>(this.portal.hook, 'disk.storage.getlist'))[0]!.ID)
    this.stopped = false
    this.running = Array.from({ length: clients }, async () => {
      for (; !this.stopped; await pause(this.restMs)) await this.upload()
    })
  }
  async stop(): Promise<void> {
    this.stopped = true
    await Promise.all(this.running)
  }

  /** Asked again with the same key until it is answered, as a client does that is told to come back. */
  async upload(): Promise<void> {
    const name = `file-${this.serial++}.bin`
    const bytes = randomBytes(20_000)
    const body = { id: this.storage, data: { NAME: name }, fileContent: [name, bytes.toString('base64')] }
    for (;;) {
      const begin = performance.now()
      const answer = await postJson(`${this.portal.hook}disk.storage.uploadfile`, body, { 'Idempotency-Key': name }).catch(String)
      const took = performance.now() - begin
      if (typeof answer === 'string') {
        this.failures.push(`${name}: ${answer} after ${Math.round(took)} ms`)
        return
      }
      if (answer.status === 200 && !answer.body.error) {
        this.stored.push({ id: Number(answer.body.result.ID), sha256: sha256(bytes) })
        this.uploads++
        return
      }
      if (!this.isClearRefusal(answer, name, took)) return
      if (this.stopped) return
      await pause(Math.max(50, this.restMs))
    }
  }

  private isClearRefusal(answer: Answer, name: string, took: number): boolean {
    if (answer.status === 503 && answer.body.error && answer.headers.get('retry-after')) {
      this.refusals.push(took)
      return true
    }
    this.failures.push(`${name}: ${answer.status} ${answer.text.slice(0, 300)} after ${Math.round(took)} ms`)
    return false
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Asked again while it is refused clearly, as by any client: a store that was killed just now may stumble once more. */
async function download(of: Portal, id: number): Promise<string> {
  const file = await call<{ DOWNLOAD_URL: string }>(of.hook, 'disk.file.get', { id })
  const url = new URL(file.DOWNLOAD_URL)
  for (const begin = performance.now(); ; await pause(200)) {
    const response = await fetch(`${of.http}${url.pathname}${url.search}`)
    if (response.ok) return sha256(new Uint8Array(await response.arrayBuffer()))
    const said = `${response.status} ${await response.text()}`
    const comeBack = response.status === 503 && response.headers.has('retry-after')
    if (!comeBack || performance.now() - begin > 30_000) throw new Error(`file ${id}: ${said}\n${of.output.slice(-2_000)}`)
  }
}

/** Requests at a steady pace, whatever becomes of those before; their milliseconds. */
async function steady(of: Portal, ms: number, everyMs: number, failures: string[]): Promise<number[]> {
  const waits: number[] = []
  const under: Promise<void>[] = []
  const begin = performance.now()
  for (let n = 0; performance.now() - begin < ms; n++) {
    const from = performance.now()
    under.push(ask(`${of.hook}crm.lead.get?id=1`).then((answer) => {
      waits.push(performance.now() - from)
      if (answer.status !== 200) failures.push(`${answer.status} ${answer.text}`)
    }, (error) => void failures.push(String(error))))
    await pause(Math.max(0, begin + (n + 1) * everyMs - performance.now()))
  }
  await Promise.all(under)
  return waits
}

/** Of each second's p99 the median: a moment in which the machine did something else does not count. */
function steadyP99(waits: number[]): number {
  const seconds: number[] = []
  for (let at = 0; at + 100 <= waits.length; at += 100) seconds.push(percentile(waits.slice(at, at + 100), 0.99))
  return percentile(seconds, 0.5)
}

it('a frozen share costs only the requests that need a file', async () => {
  portal = await Portal.start({ topology: 'mariadb', engines: { files: 'gluster' } })
  await call(portal.hook, 'crm.lead.add', { fields: { TITLE: 'without a file' } })
  const failures: string[] = []
  // So few that the store's own work, which the frost ends, does not slow the others down before.
  const load = new FileLoad(portal, 250)
  const bricks = ['brick1', 'brick2', 'brick3']
  await load.start(4)
  await steady(portal, 2_000, 10, failures)
  const before = await steady(portal, freezeMs, 10, failures)
  await engine('stop', ...bricks)
  const frozen = performance.now()
  const during = await steady(portal, freezeMs, 10, failures)
  const refused = [...load.refusals]
  await engine('cont', ...bricks)
  const uploads = load.uploads
  await until('uploads go on by themselves', async () => load.uploads > uploads, 60_000)
  const recovered = performance.now() - frozen - freezeMs
  const after = await steady(portal, freezeMs, 10, failures)
  await load.stop()

  const ms = (values: number[], share: number) => percentile(values, share).toFixed(1)
  console.log(
    `without a file, p99 second by second: ${[before, during, after].map((waits) => steadyP99(waits).toFixed(1)).join(', ')} ms ` +
      `before, in the frost, after; p50 / p99 of all: ${ms(before, 0.5)} / ${ms(before, 0.99)} ms before, ${ms(during, 0.5)} / ${ms(during, 0.99)} ms ` +
      `in ${freezeMs} ms of frost, ${ms(after, 0.5)} / ${ms(after, 0.99)} ms after; ${before.length + during.length + after.length} requests, ` +
      `${failures.length} failed. With a file: ${refused.length} refused, the slowest after ${Math.round(most(refused))} ms; ` +
      `uploads again ${Math.round(recovered)} ms after the thaw`,
  )
  expect(failures).toEqual([])
  expect(load.failures).toEqual([])
  expect(refused.length).toBeGreaterThan(0)
  expect(percentile(refused, 0.95)).toBeLessThan(2_000)
  expect(most(refused)).toBeLessThan(5_000) // a busy machine
  // Compared with the slower of the two calm stretches: other work on the machine moves them, too.
  expect(steadyP99(during)).toBeLessThan(Math.max(steadyP99(before), steadyP99(after)) * 1.1 + 5)
  for (const file of load.stored.slice(-20)) expect(await download(portal, file.id)).toBe(file.sha256)
})

describe(`${rounds} kills of the S3 store`, () => {
  it('lose no upload that was confirmed', async () => {
    const random = randomFrom(seedOf('SEED'))
    portal = await Portal.start({ topology: 'mariadb', engines: { files: 's3' } })
    await call(portal.hook, 'crm.lead.add', { fields: { TITLE: 'without a file' } })
    const load = new FileLoad(portal)
    await load.start(4)
    const failures: string[] = []
    const outages: number[] = []
    for (let round = 0; round < rounds; round++) {
      const victim = round % 2 === 0 ? 's3-proxy' : 's3-object'
      await pause(300 + random() * 300)
      await engine('kill', victim)
      const killed = performance.now()
      await steady(portal, 200 + random() * 300, 20, failures)
      await engine('start', victim)
      const before = load.uploads
      await until('uploads go on', async () => load.uploads > before + 4, 60_000)
      outages.push(performance.now() - killed)
    }
    await load.stop()
    for (const file of load.stored) expect(await download(portal, file.id)).toBe(file.sha256)
    const ids = new Set(load.stored.map((file) => file.id))
    console.log(
      `${rounds} kills: ${load.stored.length} files confirmed and read back, ${load.refusals.length} times told to come back ` +
        `(the slowest after ${Math.round(most(load.refusals))} ms); uploads were back after ${Math.round(percentile(outages, 0.5))} ms (median)`,
    )
    expect(ids.size).toBe(load.stored.length)
    expect(failures).toEqual([])
    expect(load.failures).toEqual([])
    expect(percentile(load.refusals, 0.95)).toBeLessThan(2_000)
    expect(most(load.refusals)).toBeLessThan(5_000) // a busy machine
  })
})
