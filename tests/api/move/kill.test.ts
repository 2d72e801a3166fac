// kill -9 of the mover at random points while clients write to the account that moves and to one that stays: the portal
// works on, and the move can be taken up, or given up, each time. Account after account, until there were enough kills.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Portal, stoa, until } from '../../support/portal'
import { leads, Mover, newHome, unlimited, Writers, type Home } from './support'

const kills = Number(process.env.MOVE_KILLS ?? 20)
let portal: Portal
let home: Home

beforeAll(async () => {
  home = await newHome()
  portal = await Portal.start({ config: unlimited })
})
afterAll(async () => {
  await portal.stop()
  await home.remove()
})

async function check(writers: Writers): Promise<void> {
  await writers.stop()
  expect(writers.failures.slice(0, 3)).toEqual([])
  expect(writers.stale.slice(0, 3)).toEqual([])
  const stored = await leads(writers.hook)
  for (const [title, id] of writers.acknowledged) expect(stored.get(title), title).toEqual([id])
  expect([...stored.keys()].filter((title) => title.startsWith(writers.name)).length).toBe(writers.acknowledged.size)
}

it(`moves accounts although the mover is killed ${kills} times`, async () => {
  const staying = new Writers(portal.hook, 'staying', 2)
  const phases = new Map<string, number>()
  const accounts: number[] = [1]
  const moved: Writers[] = []
  let killed = 0
  let abandoned = 0
  let throughMs = 10_000
  while (killed < kills) {
    const created = await stoa<{ account_id: number; webhook_url: string }>('account', 'create', '--demo', '--data', portal.data)
    accounts.push(created.account_id)
    const hook = `${portal.http}${new URL(created.webhook_url).pathname.replace(/\/?$/, '/')}`
    const moving = new Writers(hook, `moving ${created.account_id}`, 4)
    moved.push(moving)
    await until('the first writes', async () => moving.acknowledged.size > 10)
    const move = (...more: string[]) => ['account', 'move', '--account', String(created.account_id), '--data', portal.data, '--json', ...more]
    const to = move('--to', home.address, '--password-file', home.passwordFile)
    for (let through = false; !through; ) {
      const before = moving.acknowledged.size
      const begin = performance.now()
      const mover = Mover.start(...to)
      const patience = killed < kills ? Math.random() * throughMs : 120_000
      const ended = await Promise.race([mover.ended, new Promise((done) => setTimeout(() => done('running'), patience))])
      mover.kill()
      await mover.ended
      if (ended === 'running') {
        killed++
        throughMs *= 1.1 // on a busy machine it takes longer
        const phase = mover.text.trim().split('\n').at(-1)?.split(/[ :]/)[0] || 'start'
        phases.set(phase, (phases.get(phase) ?? 0) + 1)
        // Now and then it is given up, and begun anew; after the switch that is refused.
        if (killed % 4 === 0) {
          const abandon = Mover.start(...move('--abandon'))
          if ((await abandon.ended) === 0) abandoned++
          else expect(abandon.text).toContain('switched already')
        }
      } else {
        expect(ended, mover.text).toBe(0)
        throughMs = Math.max(1_000, performance.now() - begin)
        through = true
      }
      await until('the portal works on', async () => moving.acknowledged.size > before + 10)
    }
    const again = Mover.start(...to)
    expect(await again.ended, again.text).toBe(0)
    expect(again.answer.was_done).toBe(true)
  }
  for (const writers of [staying, ...moved]) await check(writers)
  const listed = await stoa<{ accounts: { id: number }[] }>('account', 'list', '--data', portal.data)
  expect(listed.accounts.map((account) => account.id)).toEqual(accounts)
  const all = [staying, ...moved]
  console.log(`${killed} kills (${[...phases].map(([phase, times]) => `${phase} ${times}×`).join(', ')}), ${abandoned} given up, ` +
    `${moved.length} accounts moved; ${all.reduce((sum, writers) => sum + writers.acknowledged.size, 0)} leads, ` +
    `slowest request ${Math.round(Math.max(...all.map((writers) => writers.slowestMs)))} ms`)
})
