// SIGTERM: a balancer sees it at once, whoever is being served is served to the end, and then the process is gone.
import { connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { ask, Portal, until } from '../support/portal'

let portal: Portal | undefined
afterEach(() => portal?.stop())

/** Speaks HTTP by hand, to decide when each byte leaves. */
class Wire {
  text = ''
  closed = false
  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => (this.text += chunk.toString('latin1')))
    socket.on('close', () => (this.closed = true))
    socket.on('error', () => undefined)
  }
  static async open(port: number): Promise<Wire> {
    const socket = connect(port, '127.0.0.1')
    await new Promise<void>((done, failed) => socket.once('connect', done).once('error', failed))
    return new Wire(socket)
  }
  async answer(count: number): Promise<void> {
    await until(`answer ${count}`, async () => this.text.split('HTTP/1.1 ').length > count)
  }
}

it('finishes what it has begun, tells the balancer, and closes what is idle', { timeout: 60_000 }, async () => {
  portal = await Portal.start({ topology: 'single', config: 'trusted_proxies = ["127.0.0.1/32"]\n' })
  const port = portal.rawPort
  const ready = await ask(`${portal.http}/ready`)
  expect(ready.headers.get('x-stoa-version')).toMatch(/^\d+\.\d+\.\d+/)

  const body = JSON.stringify({ fields: { TITLE: 'slow upload', COMMENTS: 'x'.repeat(200_000) } })
  const path = new URL(portal.hook).pathname
  const slow = await Wire.open(port)
  slow.socket.write(`POST ${path}crm.lead.add HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`)
  slow.socket.write(body.slice(0, 1000))
  const idle = await Wire.open(port)
  idle.socket.write('GET /live HTTP/1.1\r\nHost: x\r\n\r\n')
  await idle.answer(1)
  expect(idle.text).not.toMatch(/connection: close/i)
  const kept = await Wire.open(port)
  kept.socket.write('GET /live HTTP/1.1\r\nHost: x\r\n\r\n')
  await kept.answer(1)

  process.kill(portal.pids[0]!, 'SIGTERM')
  await until('/ready says no', async () => (await ask(`${portal!.http}/ready`)).status === 503, 1_500)
  expect((await ask(`${portal.http}/live`)).status, 'the balancer may not know yet').toBe(200)
  kept.socket.write('GET /live HTTP/1.1\r\nHost: x\r\n\r\n')
  await kept.answer(2)

  await until('idle connections are closed', async () => idle.closed && kept.closed)
  await new Promise((done) => setTimeout(done, 1_000))
  expect(slow.closed).toBe(false)
  slow.socket.write(body.slice(1000))
  await slow.answer(1)
  expect(slow.text).toMatch(/^HTTP\/1.1 200 [\s\S]*connection: close/i)
  await until('the process is gone', async () => ask(`${portal!.http}/live`).then(() => false, () => true))
})
