// Replicas that apply everything 3 s late, and processes that use different nodes of Galera: a session still reads what it
// just wrote, from whichever process it asks.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { ask, call, Portal, postJson, until } from '../support/portal'
import { engine } from '../support/topology'
import { differences, Load, most, pause, randomFrom, seedOf, storedLeads } from './load'

const times = Number(process.env.STALE_TIMES ?? 300)
const conflictMs = Number(process.env.CONFLICT_MS ?? 10_000)
const galeraTimes = Math.min(times, 1_000)
let portal: Portal | undefined
let delayed = false
afterEach(async () => {
  if (delayed) await engine('delay', '0')
  delayed = false
  await portal?.stop()
})

/** How many reads were answered by "primary" and "replica", out of the metrics of all processes. */
async function readsFrom(portal: Portal): Promise<Record<string, number>> {
  const reads: Record<string, number> = {}
  for (const url of portal.directUrls) {
    const { text } = await ask(`${url}/metrics`)
    for (const [, server, count] of text.matchAll(/^stoa_db_reads_total\{[^}]*server="(\w+)"[^}]*\} (\d+)/gm)) {
      reads[server!] = (reads[server!] ?? 0) + Number(count)
    }
  }
  return reads
}

it(`shows each of ${times} new records to its own session at once`, async () => {
  portal = await Portal.start({ topology: 'replication' })
  delayed = true
  await engine('delay', '3')
  const { hook } = portal
  const stale: string[] = []
  const begin = performance.now()
  for (let i = 0; i < times; i++) {
    const title = `fresh ${i}`
    const id = await call<number>(hook, 'crm.lead.add', { fields: { TITLE: title } })
    const list = await call<{ ID: string; TITLE: string }[]>(hook, 'crm.lead.list', { filter: { '>=ID': id }, select: ['ID', 'TITLE'] })
    if (!list.some((lead) => Number(lead.ID) === id && lead.TITLE === title)) stale.push(`${title}: not in the list`)
    if (i % 10 === 0) {
      await call(hook, 'crm.lead.update', { id, fields: { TITLE: `${title}, changed` } })
      const lead = await call<{ TITLE: string }>(hook, 'crm.lead.get', { id })
      if (lead.TITLE !== `${title}, changed`) stale.push(`${title}: not changed`)
      await call(hook, 'crm.lead.delete', { id })
      const gone = await postJson(`${hook}crm.lead.get`, { id })
      if (gone.status === 200 && !gone.body.error) stale.push(`${title}: still there`)
    }
  }
  const each = Math.round((performance.now() - begin) / times)
  // Once they have caught up, replicas answer.
  await engine('delay', '0')
  await engine('ready', 'replication')
  // A process that has just started does not trust replicas for ten seconds.
  const running = portal
  await until('replicas answer', async () => {
    await call(hook, 'crm.lead.list', { select: ['ID'] })
    return ((await readsFrom(running)).replica ?? 0) > 0
  }, 30_000)
  const late = (await readsFrom(portal)).replica ?? 0
  for (let i = 0; i < 50; i++) await call(hook, 'crm.lead.list', { select: ['ID'] })
  const prompt = ((await readsFrom(portal)).replica ?? 0) - late
  console.log(`${times} creations, each listed at once: ${stale.length} stale, ${each} ms each; of 50 reads after that, replicas answered ${prompt}`)
  expect(stale).toEqual([])
  expect(prompt).toBeGreaterThan(25)
})

/** A portal on Galera whose second process prefers the second node, as it would while it cannot reach the first. */
async function onTwoNodes(): Promise<Portal> {
  const portal = await Portal.start({ topology: 'galera' })
  const file = join(portal.data, 'web2.toml')
  const text = await readFile(file, 'utf8')
  await portal.killOne(1)
  await writeFile(file, text.replace(/@([^/,]+),([^/,]+),/, '@$2,$1,'))
  await portal.serveOne(1)
  return portal
}

it('shows what was written through one node of Galera at another', async () => {
  portal = await onTwoNodes()
  const path = new URL(portal.hook).pathname
  const [one, other] = portal.directUrls.map((url) => url + path) as [string, string]
  const stale: string[] = []
  const load = { stopped: false }
  // What the other nodes have to apply meanwhile.
  const busy = Array.from({ length: 4 }, async (_, n) => {
    for (let i = 0; !load.stopped; i++) await call(one, 'crm.deal.add', { fields: { TITLE: `busy ${n}-${i}` } })
  })
  for (let i = 0; i < galeraTimes; i++) {
    const id = await call<number>(one, 'crm.lead.add', { fields: { TITLE: `fresh ${i}` } })
    const lead = await postJson(`${other}crm.lead.get`, { id })
    if (lead.body.result?.TITLE !== `fresh ${i}`) stale.push(`fresh ${i}: ${lead.text.slice(0, 100)}`)
  }
  load.stopped = true
  await Promise.all(busy)
  console.log(`${galeraTimes} creations through one node, each read through another: ${stale.length} stale`)
  expect(stale).toEqual([])
})

// Each transaction of one node is rolled back for one of the other sooner or later; now and then Galera does so in the
// middle and answers the next statement as if nothing had happened.
it('does every write once and whole while two nodes of Galera write to one account', async () => {
  portal = await onTwoNodes()
  const load = new Load(portal, randomFrom(seedOf('SEED')))
  load.start(8, 0)
  await pause(conflictMs)
  await load.stop()
  const wrong = differences(load, await storedLeads(portal))
  console.log(
    `${conflictMs} ms on two nodes: ${load.acknowledged.size} writes, ${load.failures.length} failed, ${wrong.length} lost or twice; ` +
      `longest wait ${Math.round(most(load.waits))} ms`,
  )
  expect(load.failures).toEqual([])
  expect(wrong).toEqual([])
  expect(load.acknowledged.size).toBeGreaterThan(100)
})
