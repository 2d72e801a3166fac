// Clients that write and read without pause and keep a record of everything that was answered, to be compared with what
// is stored in the end.
import { call, postJson, type Answer, type Portal } from '../support/portal'

/** Repeatable "random" numbers; a test prints its seed so that a failure can be run again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

export function seedOf(name: string): number {
  const seed = Number(process.env[name] ?? Date.now() % 1_000_000)
  console.log(`${name}=${seed}`)
  return seed
}

export const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** The greatest; 0 of none. Math.max(...values) fails with a hundred thousand of them. */
export const most = (values: number[]) => values.reduce((greatest, value) => Math.max(greatest, value), 0)

export class Load {
  /** Title → id of each lead whose creation was answered. */
  readonly acknowledged = new Map<string, number>()
  /** What was answered with anything else than success, or not at all. */
  readonly failures: string[] = []
  /** Milliseconds of each request. */
  readonly waits: number[] = []
  reads = 0
  private running: Promise<void>[] = []
  private stopped = false
  private serial = 0

  constructor(private readonly portal: Portal, private readonly random: () => number, private readonly name = 'lead') {}

  start(writers: number, readers: number): void {
    this.stopped = false
    this.running = [
      ...Array.from({ length: writers }, () => this.loop(() => this.write())),
      ...Array.from({ length: readers }, () => this.loop(() => this.read())),
    ]
  }

  async stop(): Promise<void> {
    this.stopped = true
    await Promise.all(this.running)
  }

  private async loop(step: () => Promise<void>): Promise<void> {
    while (!this.stopped) await step()
  }

  private async timed(what: string, ask: () => Promise<Answer>): Promise<Answer | undefined> {
    const begin = performance.now()
    try {
      const answer = await ask()
      this.waits.push(performance.now() - begin)
      if (answer.status === 200 && !answer.body.error) return answer
      this.failures.push(`${what}: ${answer.status} ${answer.text.slice(0, 300)} after ${Math.round(performance.now() - begin)} ms`)
    } catch (error) {
      this.failures.push(`${what}: ${String(error)} after ${Math.round(performance.now() - begin)} ms`)
    }
    return undefined
  }

  private async write(): Promise<void> {
    const title = `${this.name} ${this.serial++}`
    const answer = await this.timed(title, () =>
      postJson(`${this.portal.hook}crm.lead.add`, { fields: { TITLE: title } }, { 'Idempotency-Key': title }))
    if (answer) this.acknowledged.set(title, answer.body.result)
  }

  /** Something that was answered must be readable from then on, whichever process and server is asked. */
  private async read(): Promise<void> {
    const titles = [...this.acknowledged.keys()].slice(-200)
    const title = titles[Math.floor(this.random() * titles.length)]
    if (!title) return pause(5)
    const answer = await this.timed(`get ${title}`, () => postJson(`${this.portal.hook}crm.lead.get`, { id: this.acknowledged.get(title) }))
    this.reads++
    if (answer && answer.body.result.TITLE !== title) this.failures.push(`get ${title}: is ${answer.body.result.TITLE}`)
  }
}

/** Every lead that is stored: title → ids. */
export async function storedLeads(portal: Portal): Promise<Map<string, number[]>> {
  const stored = new Map<string, number[]>()
  for (let last = 0; ; ) {
    const page = await call<{ ID: string; TITLE: string }[]>(portal.hook, 'crm.lead.list', {
      order: { ID: 'ASC' }, filter: { '>ID': last }, select: ['ID', 'TITLE'], start: -1,
    })
    for (const row of page) stored.set(row.TITLE, [...(stored.get(row.TITLE) ?? []), Number(row.ID)])
    if (page.length < 50) return stored
    last = Number(page.at(-1)!.ID)
  }
}

/** What does not fit: lost, stored twice, or under another id than was answered. */
export function differences(load: Load, stored: Map<string, number[]>): string[] {
  const out: string[] = []
  for (const [title, id] of load.acknowledged) {
    const ids = stored.get(title)
    if (!ids) out.push(`lost: ${title}`)
    else if (ids.length !== 1 || ids[0] !== id) out.push(`${title}: answered as ${id}, stored as ${ids.join(', ')}`)
  }
  for (const [title, ids] of stored) {
    if (ids.length > 1) out.push(`stored ${ids.length} times: ${title}`)
  }
  return out
}
