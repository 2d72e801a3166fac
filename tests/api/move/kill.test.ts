// kill -9 of the mover at random points while clients write to both accounts: the portal works on, and the move can be
// taken up, or given up, each time.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Portal, stoa, until } from '../../support/portal'
import { leads, Mover, newHome, unlimited, Writers, type Home } from './support'

const kills = Number(process.env.MOVE_KILLS ?? 20)
let portal: Portal
let home: Home
let second: string

beforeAll(async () => {
  home = await newHome()
  portal = await Portal.start({ create: ['--demo'], config: unlimited })
  const created = await stoa<{ webhook_url: string }>('account', 'create', '--data', portal.data)
  second = `${portal.http}${new URL(created.webhook_url).pathname.replace(/\/?$/, '/')}`
})
afterAll(async () => {
  await portal.stop()
  await home.remove()
})

it(`moves one account although its mover is killed ${kills} times`, async () => {
  const moving = new Writers(portal.hook, 'moving', 4)
  const staying = new Writers(second, 'staying', 2)
  const move = (...more: string[]) => ['account', 'move', '--account', '1', '--data', portal.data, ...more]
  const to = move('--to', home.address, '--password-file', home.passwordFile, '--json')
  const phases = new Map<string, number>()
  let longestMs = 12_000
  for (let round = 0; round < kills; round++) {
    const before = moving.acknowledged.size + staying.acknowledged.size
    const begin = performance.now()
    const mover = Mover.start(...to)
    const ended = await Promise.race([mover.ended, new Promise((done) => setTimeout(() => done('running'), Math.random() * longestMs))])
    mover.kill()
    await mover.ended
    if (ended !== 'running') {
      expect(ended, mover.text).toBe(0)
      longestMs = performance.now() - begin
      if (mover.answer.was_done) break
    }
    const phase = mover.text.trim().split('\n').at(-1)?.split(/[ :{]/)[0] || 'start'
    phases.set(phase, (phases.get(phase) ?? 0) + 1)
    await until('the portal works on', async () => moving.acknowledged.size + staying.acknowledged.size > before + 10)
    // Now and then it is given up, and begun anew.
    if (round % 5 === 4 && ended === 'running') {
      const abandon = Mover.start(...move('--abandon', '--json'))
      const code = await abandon.ended
      if (code !== 0) expect(abandon.text).toContain('switched already')
    }
  }
  const last = Mover.start(...to)
  expect(await last.ended, last.text).toBe(0)
  const written = moving.acknowledged.size
  await until('writes at the new home', async () => moving.acknowledged.size > written + 20)
  await Promise.all([moving.stop(), staying.stop()])

  for (const [writers, hook] of [[moving, portal.hook], [staying, second]] as const) {
    expect(writers.failures.slice(0, 3)).toEqual([])
    expect(writers.stale.slice(0, 3)).toEqual([])
    const stored = await leads(hook)
    for (const [title, id] of writers.acknowledged) expect(stored.get(title), title).toEqual([id])
    const own = [...stored.keys()].filter((title) => /^(moving|staying) /.test(title))
    expect(own.length).toBe(writers.acknowledged.size)
  }
  const { accounts } = await stoa<{ accounts: { id: number }[] }>('account', 'list', '--data', portal.data)
  expect(accounts.map((account) => account.id)).toEqual([1, 2])
  console.log(`killed in ${[...phases].map(([phase, times]) => `${phase} ${times}×`).join(', ')}; ` +
    `${moving.acknowledged.size} + ${staying.acknowledged.size} leads, slowest request ${Math.round(Math.max(moving.slowestMs, staying.slowestMs))} ms`)
})
