// A balancer that got no answer sends the request to another process, with the same id and without the client's help:
// one effect, the same answer, also while the first one is still at it. And it must not take all processes for dead
// because the database is.
import { afterEach, expect, it } from 'vitest'
import { ask, call, Portal, postJson, until } from '../support/portal'
import { engine } from '../support/topology'
import { pause } from './load'

const workers = 4  // of each process, see support/portal.ts
let portal: Portal | undefined
afterEach(async () => {
  await engine('cont', 'mariadb1')
  await portal?.stop()
  portal = undefined
})

async function start(): Promise<{ hooks: [string, string]; add: (hook: string, title: string, id: string) => ReturnType<typeof postJson> }> {
  portal = await Portal.start({ topology: 'mariadb' })
  const path = new URL(portal.hook).pathname
  const hooks = portal.directUrls.map((url) => url + path) as [string, string]
  const add = (hook: string, title: string, id: string) =>
    postJson(`${hook}crm.lead.add`, { fields: { TITLE: title } }, { 'X-Request-ID': id })
  return { hooks, add }
}

async function idsOf(title: string): Promise<number[]> {
  const rows = await call<{ ID: string }[]>(portal!.hook, 'crm.lead.list', { filter: { TITLE: title }, select: ['ID'] })
  return rows.map((row) => Number(row.ID))
}

it('gives the first answer again, whichever process is asked', { timeout: 60_000 }, async () => {
  const { hooks, add } = await start()
  const first = await add(hooks[0], 'twice', 'balancer-1')
  const again = await add(hooks[1], 'twice', 'balancer-1')
  expect(first.status, first.text).toBe(200)
  expect(again.status, again.text).toBe(200)
  expect(again.body.result).toBe(first.body.result)
  expect(again.headers.get('x-request-id')).toBe('balancer-1')
  expect(await idsOf('twice')).toEqual([first.body.result])
  // An id that comes with something else is no repetition, and nothing is done.
  expect((await add(hooks[1], 'another', 'balancer-1')).status).toBe(422)
  expect(await idsOf('another')).toEqual([])
})

it('does it once when the second comes while the first is under way', { timeout: 120_000 }, async () => {
  const { hooks, add } = await start()
  await add(hooks[0], 'warm', 'w0')
  await add(hooks[1], 'warm', 'w1')
  for (let round = 0; round < 3; round++) {
    await engine('stop', 'mariadb1')
    const asked = Array.from({ length: 6 }, (_, i) => add(hooks[i % 2]!, `under way ${round}`, `round-${round}`))
    await pause(300)
    await engine('cont', 'mariadb1')
    const answers = await Promise.all(asked)
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200))
    expect(await idsOf(`under way ${round}`)).toEqual([answers[0]!.body.result])
    expect(new Set(answers.map((answer) => answer.body.result)).size).toBe(1)
  }
})

it('is ready while all workers wait for the database, and serves them when it is back', { timeout: 120_000 }, async () => {
  const { hooks, add } = await start()
  await add(hooks[0], 'warm', 'w2')
  await engine('stop', 'mariadb1')
  const held = Array.from({ length: 4 * workers }, (_, i) => ask(`${hooks[0]}crm.lead.list?start=${i}`))
  await pause(500)
  let answered = 0
  for (const one of held) void one.then(() => answered++)
  const begin = performance.now()
  for (let i = 0; i < 5; i++) expect((await ask(`${portal!.directUrls[0]}/ready`)).status).toBe(200)
  expect(performance.now() - begin).toBeLessThan(1_000)
  expect(answered).toBe(0)
  await engine('cont', 'mariadb1')
  await until('all are served', async () => answered === held.length, 30_000)
  expect((await Promise.all(held)).map((answer) => answer.status)).toEqual(held.map(() => 200))
})
