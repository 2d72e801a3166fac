// What the tests of moving share: a schema on the database server, a long list of reads to compare, and writers that
// remember what was acknowledged.
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { ask, binary, postJson } from '../../support/portal'
import { engine } from '../../support/topology'

/** Clients here are quicker than the portal lets one address be. */
export const unlimited = '[rest]\nbucket_size = 0\n'

export interface Home {
  address: string
  passwordFile: string
  remove(): Promise<void>
}

export async function newHome(): Promise<Home> {
  const schema = `move_${randomBytes(5).toString('hex')}`
  const address = await engine('schema', 'mariadb', schema)
  return {
    address,
    passwordFile: `${process.env.STOA_ENGINES_DIR}/mariadb/password`,
    remove: async () => void (await engine('drop-schema', 'mariadb', schema)),
  }
}

/** A mover: the command as a process, so that it can be killed. */
export class Mover {
  private output = ''
  readonly ended: Promise<number | null>
  private constructor(private readonly child: ChildProcess) {
    const keep = (chunk: Buffer) => (this.output += chunk.toString())
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    this.ended = new Promise((done) => child.once('exit', (code) => done(code)))
  }
  static start(...args: string[]): Mover {
    return new Mover(spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] }))
  }
  kill(): void {
    this.child.kill('SIGKILL')
  }
  get text(): string {
    return this.output
  }
  /** The last line, which is the answer with --json. */
  get answer() {
    return JSON.parse(this.output.trim().split('\n').at(-1)!)
  }
}

const lists = [
  'crm.deal.list', 'crm.contact.list', 'crm.company.list', 'crm.quote.list', 'crm.activity.list', 'crm.status.list',
  'crm.category.list?entityTypeId=2', 'crm.item.list?entityTypeId=2', 'tasks.task.list', 'user.get', 'department.get',
  'crm.timeline.comment.list', 'event.get', 'crm.productrow.list', 'crm.deal.userfield.list', 'crm.type.list',
]
const single = [
  'profile', 'app.info', 'scope', 'methods', 'server.time', 'crm.deal.fields', 'crm.contact.fields', 'crm.company.fields',
  'tasks.task.getFields', 'user.fields', 'department.fields', 'events', 'crm.enum.fields', 'user.current', 'user.admin',
  'crm.status.entity.types', 'crm.deal.get?id=1', 'crm.deal.get?id=100', 'crm.contact.get?id=7', 'crm.company.get?id=3',
  'tasks.task.get?taskId=1', 'crm.item.get?entityTypeId=2&id=5', 'crm.deal.productrows.get?id=1', 'no.such.method',
  'crm.deal.get?id=999999', 'crm.deal.contact.items.get?id=1', 'user.option.get', 'app.option.get', 'timeman.status',
  'crm.deal.list?filter[>OPPORTUNITY]=1000&order[OPPORTUNITY]=DESC&select[]=ID&select[]=OPPORTUNITY',
  'crm.deal.list?filter[%25TITLE]=a&select[]=TITLE', 'crm.contact.list?select[]=*&select[]=PHONE&select[]=EMAIL',
  'tasks.task.list?filter[>ID]=20&order[DEADLINE]=asc', 'user.get?filter[ACTIVE]=true&order=ASC',
]

/** What tells one answer from another although nothing differs: times of the call itself. */
function withoutTime(body: unknown, method: string): unknown {
  if (typeof body !== 'object' || body === null) return body
  const { time: _, ...rest } = body as Record<string, unknown>
  return method === 'server.time' ? Object.keys(rest) : rest
}

/** The answers of many reads, with all their pages, or as many as are wanted. */
export async function readAll(hook: string, pagesMax = Infinity): Promise<Map<string, string>> {
  const answers = new Map<string, string>()
  for (const method of lists) {
    for (let start: number | undefined = 0, page = 0; start !== undefined && page < pagesMax; page++) {
      const url: string = `${hook}${method}${method.includes('?') ? '&' : '?'}start=${start}`
      const answer = await ask(url)
      answers.set(`${method} from ${start}`, `${answer.status} ${JSON.stringify(withoutTime(answer.body, method))}`)
      start = answer.body?.next
    }
  }
  for (const method of single) {
    const answer = await ask(hook + method)
    answers.set(method, `${answer.status} ${JSON.stringify(withoutTime(answer.body, method.split('?')[0]!))}`)
  }
  return answers
}

export interface Failure {
  what: string
  answer: string
}

/** Clients that add leads, and read each back at once. */
export class Writers {
  readonly acknowledged = new Map<string, number>()
  readonly failures: Failure[] = []
  readonly stale: string[] = []
  slowestMs = 0
  private stopped = false
  private readonly clients: Promise<void>[]

  constructor(readonly hook: string, readonly name: string, clients: number) {
    this.clients = Array.from({ length: clients }, (_, client) => this.work(client))
  }

  add(title: string) {
    return postJson(`${this.hook}crm.lead.add`, { fields: { TITLE: title } }, { 'Idempotency-Key': title })
  }

  private async work(client: number): Promise<void> {
    for (let serial = 0; !this.stopped; serial++) {
      const title = `${this.name} ${client}-${serial}`
      const begin = performance.now()
      try {
        const added = await this.add(title)
        this.slowestMs = Math.max(this.slowestMs, performance.now() - begin)
        if (added.status !== 200) {
          this.failures.push({ what: `add ${title}`, answer: `${added.status} ${added.text}` })
          continue
        }
        this.acknowledged.set(title, added.body.result)
        const read = await ask(`${this.hook}crm.lead.get?id=${added.body.result}`)
        if (read.status !== 200 || read.body.result.TITLE !== title) this.stale.push(`${title}: ${read.status} ${read.text.slice(0, 200)}`)
      } catch (error) {
        this.failures.push({ what: `add ${title}`, answer: String(error) })
      }
    }
  }

  async stop(): Promise<void> {
    this.stopped = true
    await Promise.all(this.clients)
  }
}

/** Every lead by its title, with all ids that have it. */
export async function leads(hook: string): Promise<Map<string, number[]>> {
  const stored = new Map<string, number[]>()
  for (let last = 0; ; ) {
    const answer = await postJson(`${hook}crm.lead.list`, { order: { ID: 'ASC' }, filter: { '>ID': last }, select: ['ID', 'TITLE'], start: -1 })
    if (answer.status !== 200) throw new Error(`crm.lead.list: ${answer.status} ${answer.text}`)
    const page = answer.body.result as { ID: string; TITLE: string }[]
    for (const row of page) stored.set(row.TITLE, [...(stored.get(row.TITLE) ?? []), Number(row.ID)])
    if (page.length < 50) return stored
    last = Number(page.at(-1)!.ID)
  }
}
