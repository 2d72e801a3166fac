// kill -9 to an engine under load, and start it again: no request fails, nothing is lost, nothing is done twice.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Portal, until, type Options } from '../support/portal'
import { engine } from '../support/topology'
import { differences, Load, most, pause, percentile, randomFrom, seedOf, storedLeads } from './load'

const rounds = Number(process.env.ROUNDS ?? 3)
let portal: Portal | undefined
afterEach(async () => {
  await portal?.stop()
  portal = undefined
})

/** How an engine is, and the end of what it printed. */
async function lastWords(set: string, name: string): Promise<string> {
  const status = (await engine('status')).split('\n').find((line) => line.includes(name))
  const log = await readFile(join(process.env.STOA_ENGINES_DIR!, set, name, 'log'), 'utf8').catch(String)
  return `${status}\n${log.split('\n').slice(-30).join('\n')}`
}

/** Kills the named engines of a set in turn, one each round. */
async function rounds_of(options: Options, set: string, engines: string[], least: { maxWaitMs: number }): Promise<void> {
  const random = randomFrom(seedOf('SEED'))
  portal = await Portal.start(options)
  const load = new Load(portal, random)
  load.start(8, 4)
  const outages: number[] = []
  for (let round = 0; round < rounds; round++) {
    const victim = engines[round % engines.length]!
    await pause(200 + random() * 300)
    await engine('kill', victim)
    const killed = performance.now()
    await pause(random() * 300)
    await engine('start', victim)
    const before = load.acknowledged.size
    await until('writes go on', async () => load.acknowledged.size > before + 20, 180_000).catch(async (error: unknown) => {
      throw new Error(`round ${round}: ${String(error)}\n${await lastWords(set, victim)}\n${portal!.output.slice(-1_000)}`)
    })
    outages.push(performance.now() - killed)
    await engine('ready', set).catch(async (error: unknown) => {
      throw new Error(`round ${round}: ${String(error)}\n${await lastWords(set, victim)}`)
    })
    if (load.failures.length > 0) break
  }
  await load.stop()
  const stored = await storedLeads(portal)
  const wrong = differences(load, stored)
  console.log(
    `${rounds} kills of ${engines.join(', ')}: ${load.acknowledged.size} writes and ${load.reads} reads, ${load.failures.length} failed, ` +
      `${wrong.length} lost or twice; writes were back after ${Math.round(percentile(outages, 0.5))} ms (median), ` +
      `${Math.round(most(outages))} ms (most); longest wait of a request ${Math.round(most(load.waits))} ms`,
  )
  expect(load.failures).toEqual([])
  expect(wrong).toEqual([])
  expect(load.acknowledged.size).toBeGreaterThan(rounds * 20)
  expect(most(load.waits)).toBeLessThan(least.maxWaitMs)
}

describe(`${rounds} kills`, () => {
  it('of the only MariaDB', () => rounds_of({ topology: 'mariadb' }, 'mariadb', ['mariadb1'], { maxWaitMs: 15_000 }))
  it('of a primary with replicas', () => rounds_of({ topology: 'replication' }, 'replication', ['db1'], { maxWaitMs: 15_000 }))
  it('of replicas', () => rounds_of({ topology: 'replication' }, 'replication', ['db2', 'db3'], { maxWaitMs: 5_000 }))
  it('of Galera nodes', () => rounds_of({ topology: 'galera' }, 'galera', ['galera1', 'galera2', 'galera3'], { maxWaitMs: 15_000 }))
  it('of Redis', () => rounds_of({ topology: 'replication' }, 'redis', ['redis1'], { maxWaitMs: 5_000 }))
  it('of Memcached', () =>
    rounds_of({ topology: 'mariadb', engines: { cache: 'memcached' } }, 'memcached', ['memcached1', 'memcached2'], { maxWaitMs: 5_000 }))
})
