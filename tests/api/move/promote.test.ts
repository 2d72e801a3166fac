// Everything moves to a database server while clients write: no request fails, nothing is lost or done twice, and every
// read answers as before.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Portal, stoa, until } from '../../support/portal'
import { leads, Mover, newHome, readAll, unlimited, Writers, type Home } from './support'

let portal: Portal
let home: Home
beforeAll(async () => {
  home = await newHome()
  portal = await Portal.start({ create: ['--demo'], config: unlimited })
})
afterAll(async () => {
  await portal.stop()
  await home.remove()
})

it('answers the same before, during and after', async () => {
  const before = await readAll(portal.hook)
  expect(before.size).toBeGreaterThan(80)

  const writers = new Writers(portal.hook, 'lead', 8)
  await until('the first writes', async () => writers.acknowledged.size > 20)
  const oldKey = [...writers.acknowledged.keys()][0]!
  const mover = Mover.start('cluster', 'promote', '--data', portal.data, '--to', home.address, '--password-file', home.passwordFile, '--json')
  expect(await mover.ended, mover.text).toBe(0)
  const written = writers.acknowledged.size
  await until('writes at the new home', async () => writers.acknowledged.size > written + 20)
  await writers.stop()

  expect(writers.failures.slice(0, 3)).toEqual([])
  expect(writers.stale.slice(0, 3)).toEqual([])
  const stored = await leads(portal.hook)
  for (const [title, id] of writers.acknowledged) expect(stored.get(title), title).toEqual([id])
  expect([...stored.keys()].filter((title) => title.startsWith('lead ')).length).toBe(writers.acknowledged.size)

  // A request whose answer was lost before the switch is done once: its receipt came along.
  const again = await writers.add(oldKey)
  expect(again.body.result).toBe(writers.acknowledged.get(oldKey))
  expect(mover.answer.pause_ms).toBeLessThanOrEqual(2_000)
  console.log(`${writers.acknowledged.size} leads; pause ${mover.answer.pause_ms} ms, slowest request ${Math.round(writers.slowestMs)} ms, ` +
    `${mover.answer.rows} rows in ${mover.answer.seconds.toFixed(1)} s, compared ${mover.answer.compared}`)

  const after = await readAll(portal.hook)
  for (const [what, answer] of before) expect(after.get(what), what).toBe(answer)
})

it('goes on with the old folder after a restart, and says where everything lives', async () => {
  const before = await readAll(portal.hook)
  await portal.kill()
  await portal.serve()
  await until('it says where everything lives', async () => portal.output.includes(`[database]\nurl = "${home.address}"`))
  const after = await readAll(portal.hook)
  for (const [what, answer] of before) expect(after.get(what), what).toBe(answer)
  const { accounts } = await stoa<{ accounts: { id: number }[] }>('account', 'list', '--data', portal.data)
  expect(accounts.map((account) => account.id)).toEqual([1])
  const created = await stoa<{ account_id: number }>('account', 'create', '--data', portal.data)
  expect(created.account_id).toBe(2)
})

it('says so when it is run again', async () => {
  const again = await stoa<{ was_done: boolean }>('cluster', 'promote', '--data', portal.data, '--to', home.address, '--password-file', home.passwordFile)
  expect(again.was_done).toBe(true)
})
