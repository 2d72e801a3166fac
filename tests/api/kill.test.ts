// kill -9 at random points under write load: every acknowledged write is there, once, and the store stays sound.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call, Portal, postJson, until } from '../support/portal'

const rounds = Number(process.env.KILL_ROUNDS ?? 100)
const writers = 8

let portal: Portal
beforeAll(async () => {
  portal = await Portal.start()
})
afterAll(() => portal.stop())

/** Repeatable "random" numbers; the seed is printed so that a failure can be run again. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

it(`keeps every acknowledged write through ${rounds} kills`, { timeout: 600_000 }, async () => {
  const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000)
  console.log(`seed ${seed}`)
  const random = randomFrom(seed)
  const acknowledged = new Map<string, number>()
  const pending = new Set<string>()
  let serial = 0

  const add = (title: string) =>
    postJson(`${portal.hook}crm.lead.add`, { fields: { TITLE: title } }, { 'Idempotency-Key': title })

  for (let round = 0; round < rounds; round++) {
    let stopped = false
    const before = acknowledged.size
    const load = Array.from({ length: writers }, async () => {
      while (!stopped) {
        // An answer that was lost is asked for again with the same key, as a client that retries would.
        const [retry] = pending
        const title = retry ?? `lead ${serial++}`
        pending.delete(title)
        try {
          const answer = await add(title)
          if (answer.status !== 200) throw new Error(answer.text)
          acknowledged.set(title, answer.body.result)
        } catch {
          pending.add(title)
          if (stopped) return
          await new Promise((done) => setTimeout(done, 2))
        }
      }
    })
    await until('the first answer of the round', async () => acknowledged.size > before)
    await new Promise((done) => setTimeout(done, random() * 100))
    await portal.kill()
    stopped = true
    await Promise.all(load)
    await portal.serve()
  }
  for (const title of pending) {
    const answer = await add(title)
    expect(answer.status, answer.text).toBe(200)
    acknowledged.set(title, answer.body.result)
  }

  const stored = new Map<string, number[]>()
  for (let last = 0; ; ) {
    const page = await call<{ ID: string; TITLE: string }[]>(portal.hook, 'crm.lead.list', {
      order: { ID: 'ASC' }, filter: { '>ID': last }, select: ['ID', 'TITLE'], start: -1,
    })
    for (const row of page) stored.set(row.TITLE, [...(stored.get(row.TITLE) ?? []), Number(row.ID)])
    if (page.length < 50) break
    last = Number(page.at(-1)!.ID)
  }
  expect(acknowledged.size).toBeGreaterThan(rounds)
  for (const [title, id] of acknowledged) expect(stored.get(title), title).toEqual([id])
  expect(stored.size).toBe(acknowledged.size)
  console.log(`${acknowledged.size} acknowledged writes, ${rounds} kills, none lost, none twice`)
})
