// Two web processes on one database, one of them killed again and again: every event reaches its handler, no delivery is
// under way twice at the same time, and only what was under way at a kill is called again.
import { createServer, type Server } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { accessToken } from '../api/support'
import { Portal, postJson, until } from '../support/portal'
import { pause } from './load'

const rounds = Number(process.env.ROUNDS ?? 3)
const clients = 4
/** Writers wait when so many events are on their way: a busy machine delivers more slowly than it writes. */
const behindMax = 2_000
let portal: Portal | undefined
let server: Server | undefined
afterEach(async () => {
  server?.closeAllConnections()
  server?.close()
  await portal?.stop()
})

/** A handler that takes its time and notes who calls for what. */
class Handler {
  readonly calls = new Map<string, number>()
  readonly deals = new Set<number>()
  private readonly underWay = new Map<string, number>()
  overlaps = 0
  url = ''

  async listen(): Promise<void> {
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      const delivery = String(request.headers['x-stoa-delivery'])
      const now = (this.underWay.get(delivery) ?? 0) + 1
      this.underWay.set(delivery, now)
      if (now > 1) this.overlaps++
      // A caller that was killed is no caller any more.
      request.on('close', () => this.underWay.set(delivery, this.underWay.get(delivery)! - 1))
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const form = new URLSearchParams(Buffer.concat(chunks).toString())
        this.calls.set(delivery, (this.calls.get(delivery) ?? 0) + 1)
        setTimeout(() => {
          this.deals.add(Number(form.get('data[FIELDS][ID]')))
          response.end()
        }, 20)
      })
    })
    await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done))
    const address = server.address()
    if (!address || typeof address === 'string') throw new Error('no port')
    this.url = `http://127.0.0.1:${address.port}/`
  }
}

it(`delivers every event once over ${rounds} kills of web processes`, async () => {
  portal = await Portal.start({ topology: 'mariadb', config: '[events]\nallow_private_targets = true\n' })
  const { http, hook } = portal
  const handler = new Handler()
  await handler.listen()
  const auth = await accessToken(portal)
  const bound = await postJson(`${http}/rest/event.bind`, { event: 'onCrmDealAdd', handler: handler.url, auth_type: 1, auth })
  expect(bound.body.result).toBe(true)

  const made = new Set<number>()
  const failures: string[] = []
  let stopped = false
  const writers = Array.from({ length: clients }, async (_, client) => {
    for (let i = 0; !stopped; i++) {
      const answer = await postJson(`${hook}crm.deal.add`, { fields: { TITLE: `${client}-${i}` } }).catch(String)
      if (typeof answer === 'string' || answer.status !== 200) failures.push(JSON.stringify(answer))
      else made.add(Number(answer.body.result))
      do await pause(10)
      while (!stopped && made.size - handler.deals.size > behindMax)
    }
  })
  for (let round = 0; round < rounds; round++) {
    await pause(1_000)
    await portal.killOne(round % 2)
    await pause(500)
    await portal.serveOne(round % 2)
  }
  await pause(500)
  stopped = true
  await Promise.all(writers)
  const missing = () => [...made].filter((id) => !handler.deals.has(id))
  for (let left = missing().length; left > 0; left = missing().length) {
    await until(`one of the last ${left} of ${made.size} events arrives`, async () => missing().length < left, 90_000)
  }
  const again = [...handler.calls.values()].reduce((sum, calls) => sum + calls - 1, 0)
  console.log(`${made.size} events, ${rounds} kills: ${again} called again, ${handler.overlaps} at the same time, ${failures.length} writes failed`)
  expect(failures).toEqual([])
  expect(handler.overlaps).toBe(0)
  expect(again).toBeLessThanOrEqual(rounds * 4) // as many as a process calls at once
})
