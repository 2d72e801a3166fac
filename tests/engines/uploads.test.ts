// A large file in parts, each to the other one of two web processes, one of which is killed while a part is on its way:
// the upload goes on where it stood, and the bytes come back equal.
import { createHash, randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { call, Portal, until } from '../support/portal'
import { pause } from './load'

const megabytes = Number(process.env.UPLOAD_MB ?? 200)
const partBytes = 8 << 20
let portal: Portal | undefined
afterEach(() => portal?.stop())

function digest(bytes: Buffer): string {
  return `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`
}

it(`takes ${megabytes} MB while a process is killed`, { timeout: 300_000 }, async () => {
  portal = await Portal.start({ topology: 'mariadb' })
  const [storage] = await call<{ ROOT_OBJECT_ID: string }[]>(portal.hook, 'disk.storage.getlist', {})
  const { uploadUrl } = await call<{ uploadUrl: string }>(portal.hook, 'disk.folder.uploadfile', { id: storage!.ROOT_OBJECT_ID })
  const target = `${new URL(uploadUrl).pathname}${new URL(uploadUrl).search}&name=large.bin`
  const content = randomBytes(megabytes << 20)
  const total = content.length

  let asked = 0
  const send = (range: string, body: Uint8Array<ArrayBuffer> | undefined, headers: Record<string, string> = {}) =>
    fetch(portal!.directUrls[asked++ % 2]! + target, { method: 'PUT', body, headers: { 'Content-Range': `bytes ${range}`, ...headers } })
  const offsetOf = (answer: Response) => Number(answer.headers.get('range')?.split('-')[1] ?? -1) + 1

  let offset = 0
  let killed = false
  let broken = 0
  let done: Response | undefined
  while (!done) {
    const part = content.subarray(offset, offset + partBytes)
    const range = `${offset}-${offset + part.length - 1}/${total}`
    const half = !killed && offset > total / 2
    const victim = asked % 2
    // It may break off before killOne() is back: handled from the start, not only once somebody waits for it.
    const sending = send(range, part, { 'Content-Digest': digest(part), 'Repr-Digest': digest(content) }).catch(() => undefined)
    if (half) {
      killed = true
      await pause(5)
      await portal.killOne(victim)
    }
    let answer = await sending
    if (!answer) {
      broken++
      asked = victim + 1  // the other one goes on at once
      answer = await send(`*/${total}`, undefined)
      await portal.serveOne(victim)
    }
    expect([200, 308], await answer.clone().text()).toContain(answer.status)
    if (answer.status === 200) done = answer
    else offset = offsetOf(answer)
  }
  console.log(`${Math.ceil(total / partBytes)} parts, ${broken} broken off`)
  expect(killed).toBe(true)

  const file = ((await done.json()) as { result: { ID: number; SIZE: string; NAME: string; DOWNLOAD_URL: string } }).result
  expect(file.NAME).toBe('large.bin')
  expect(Number(file.SIZE)).toBe(total)
  const again = await send(`*/${total}`, undefined)
  expect(((await again.json()) as { result: { ID: number } }).result.ID, 'asking later gives the same answer').toBe(file.ID)

  const download = new URL(file.DOWNLOAD_URL)
  const hash = createHash('sha256')
  for (let from = 0; from < total; from += partBytes) {
    const url = portal.directUrls[(from / partBytes) % 2]! + download.pathname + download.search
    const piece = await fetch(url, { headers: { Range: `bytes=${from}-${Math.min(total, from + partBytes) - 1}` } })
    expect(piece.status).toBe(206)
    hash.update(Buffer.from(await piece.arrayBuffer()))
  }
  expect(hash.digest('hex')).toBe(createHash('sha256').update(content).digest('hex'))
  const files = await call<{ ID: string }[]>(portal.hook, 'disk.folder.getchildren', { id: storage!.ROOT_OBJECT_ID })
  expect(files.length).toBe(1)
  await until('the process is back', async () => (await fetch(`${portal!.directUrls[1]}/ready`)).ok)
})
