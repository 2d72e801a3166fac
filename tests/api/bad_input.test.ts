// What hostile and broken clients send. Each gets the documented error; the server stays up and nothing is half done.
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, call, Portal, postJson } from '../support/portal'

let portal: Portal
beforeAll(async () => {
  portal = await Portal.start({ create: ['--fixtures', 'sdk'] })
})
afterAll(async () => {
  // Whatever was sent, the same process still answers.
  expect((await ask(`${portal.http}/ready`)).status).toBe(200)
  await portal.stop()
})

const json = { 'Content-Type': 'application/json' }
const post = (method: string, body: BodyInit, headers: Record<string, string> = json) =>
  ask(portal.hook + method, { method: 'POST', headers, body })

/** Sends raw bytes and reads until the server closes or the time is over. */
function raw(bytes: string | Buffer, options: { end?: boolean; waitMs?: number } = {}): Promise<string> {
  return new Promise((done, fail) => {
    const socket: Socket = connect(portal.rawPort, '127.0.0.1')
    let text = ''
    const timer = setTimeout(() => socket.destroy(), options.waitMs ?? 3_000)
    socket.on('data', (chunk) => (text += chunk.toString('latin1')))
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? undefined : fail(error)))
    socket.on('close', () => {
      clearTimeout(timer)
      done(text)
    })
    socket.on('connect', () => {
      socket.write(bytes)
      if (options.end) socket.end()
    })
  })
}

describe('bodies', () => {
  it.each([
    ['cut off', '{"fields":{"TITLE":"x"'],
    ['no JSON', 'TITLE=x&{}'],
    ['nested too deeply', `${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['with a NUL byte', '{"fields":{"TITLE":"a\\u0000b"}}'],
    ['with invalid UTF-8', Buffer.from('{"fields":{"TITLE":"a\xff\xfeb"}}', 'latin1')],
    ['with trailing text', '{"fields":{"TITLE":"x"}} {"again":1}'],
    ['with a number beyond all bounds', '{"fields":{"TITLE":"x","OPPORTUNITY":1e999}}'],
  ])('%s are refused', async (_what, body) => {
    const answer = await post('crm.lead.add', body as BodyInit)
    expect(answer.status, answer.text).toBe(400)
    expect(answer.body.error_description).toBeTruthy()
    expect(answer.text).not.toMatch(/\.cpp|sqlite|SELECT|terminate/i)
  })

  it('with 10 000 parameters are refused, with a few thousand taken', async () => {
    const form = (count: number) => Array.from({ length: count }, (_, i) => `p${i}=1`).join('&')
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect((await post('server.time', form(10_000), type)).status).toBeGreaterThanOrEqual(400)
    expect((await post('server.time', form(4_000), type)).status).toBe(200)
  })

  it('over the limit are refused before they are read', async () => {
    const answer = await raw(`POST /rest/server.time HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{`)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('with wrong types name the field and write nothing', async () => {
    const before = (await ask(`${portal.hook}crm.lead.list?select[]=ID`)).body.total
    for (const fields of [
      { TITLE: 'x', OPPORTUNITY: 'much' },
      { TITLE: 'x', ASSIGNED_BY_ID: 'somebody' },
      { TITLE: 'x', BIRTHDATE: '2026-02-31' },
      { TITLE: { deep: 1 } },
      { TITLE: 'x'.repeat(100_000) },
    ]) {
      const answer = await postJson(`${portal.hook}crm.lead.add`, { fields })
      expect(answer.status, answer.text).toBe(400)
      expect(answer.body.error_description).toMatch(/TITLE|OPPORTUNITY|ASSIGNED_BY_ID|BIRTHDATE/)
    }
    expect((await postJson(`${portal.hook}crm.lead.add`, { fields: 'all of them' })).status).toBe(400)
    expect((await ask(`${portal.hook}crm.lead.list?select[]=ID`)).body.total).toBe(before)
  })

  it('with unknown fields are taken without them', async () => {
    const id = await call(portal.hook, 'crm.lead.add', { fields: { TITLE: 'Known', NO_SUCH_FIELD: 1, 'id) --': 2 } })
    expect((await call(portal.hook, 'crm.lead.get', { id })).TITLE).toBe('Known')
  })
})

describe('filters', () => {
  it.each([
    { '>ddId': 1 },
    { "ID' OR '1'='1": 1 },
    { '=ID) UNION SELECT 1 --': 1 },
    { '%ID': 1 },
    { '!!ID': 1 },
    { ID: { nested: { too: 'far' } } },
    'ID=1',
  ])('refuse %j', async (filter) => {
    const answer = await postJson(`${portal.hook}crm.item.list`, { entityTypeId: 4, filter })
    expect(answer.status, answer.text).toBe(400)
    expect(answer.text).not.toMatch(/sqlite|syntax/i)
  })

  it('refuse a list that is too long', async () => {
    const ids = (count: number) => ({ entityTypeId: 4, filter: { '@id': Array.from({ length: count }, (_, i) => i + 1) } })
    expect((await postJson(`${portal.hook}crm.item.list`, ids(1000))).status).toBe(200)
    expect((await postJson(`${portal.hook}crm.item.list`, ids(1001))).status).toBe(400)
  })
})

describe('ids and tokens', () => {
  it.each([0, -1, 'abc', '1;2', 9e18, null, [1], '999999999'])('id %j is not found or refused', async (id) => {
    for (const method of ['crm.deal.get', 'crm.deal.update', 'crm.deal.delete']) {
      const answer = await postJson(portal.hook + method, { id, fields: { TITLE: 'x' } })
      expect(answer.status, `${method} ${answer.text}`).toBe(400)
      expect(answer.body.result).toBeUndefined()
    }
  })

  it.each(['', 'x', '../../etc/passwd', "' OR 1=1 --", 'a'.repeat(10_000), '\u0000', 'é'])('forged token %j is refused', async (token) => {
    const answer = await ask(`${portal.http}/rest/server.time?auth=${encodeURIComponent(token)}`)
    expect([400, 401, 431]).toContain(answer.status)
    const hook = await ask(`${portal.http}/rest/1/${encodeURIComponent(token) || 'x'}/server.time`)
    expect([400, 401, 404, 431]).toContain(hook.status)
    const session = await ask(`${portal.http}/rest/server.time`, { headers: { Cookie: `stoa_session=${encodeURIComponent(token)}` } })
    expect([400, 401, 431]).toContain(session.status)
  })
})

describe('paths', () => {
  it.each(['/../../../etc/passwd', '/assets/../../stoa.db', '/%2e%2e/%2e%2e/etc/passwd', '/assets/%00', '/rest/../api/session', '//etc/passwd', '/\\..\\..'])(
    '%s leads nowhere',
    async (path) => {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 \d{3} /)
      expect(answer).not.toContain('root:')
      expect(answer).not.toContain('SQLite format')
    },
  )
})

describe('connections', () => {
  it('that speak no HTTP get 400', async () => {
    expect(await raw('\x16\x03\x01\x02\x00garbage\r\n\r\n')).toMatch(/^(HTTP\/1\.1 400 |$)/)
    expect(await raw('GET\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('with two lengths are refused (request smuggling)', async () => {
    const head = 'POST /rest/server.time HTTP/1.1\r\nHost: x\r\n'
    expect(await raw(`${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(`${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`)).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('closed for writing still get their answer', async () => {
    expect(await raw('GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', { end: true })).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('that send slowly do not hold up others', async () => {
    const slow = Array.from({ length: 50 }, () => {
      const socket = connect(portal.rawPort, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write('POST /rest/server.time HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{')
      return socket
    })
    const begin = Date.now()
    for (let i = 0; i < 20; i++) expect((await ask(`${portal.hook}server.time`)).status).toBe(200)
    expect(Date.now() - begin).toBeLessThan(10_000)
    for (const socket of slow) socket.destroy()
  })

  it('with huge headers get 431', async () => {
    expect(await raw(`GET /health HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
  })
})

describe('batches', () => {
  it.each([
    { cmd: 'server.time' },
    { cmd: { a: { not: 'text' } } },
    { cmd: { a: 'crm.deal.get?id=$result[nobody][0][1]' } },
    { cmd: { a: 'crm.deal.get?id=$result[' } },
    { cmd: { a: '?' } },
    { cmd: [] },
    {},
  ])('%j do no harm', async (params) => {
    const answer = await postJson(`${portal.hook}batch`, params)
    expect([200, 400]).toContain(answer.status)
  })
})

describe('the v3 wire', () => {
  const v3 = (method: string, body: string) =>
    ask(`${portal.hook.replace('/rest/', '/rest/api/')}${method}`, { method: 'POST', headers: json, body })

  it.each([
    ['tasks.task.list', '{"filter":{"id":1}}', 'INVALIDFILTER'],
    ['tasks.task.list', '{"filter":[["id","~",1]]}', 'UNKNOWNFILTEROPERATOR'],
    ['tasks.task.list', '{"filter":[["nope","=",1]]}', 'UNKNOWNDTOPROPERTY'],
    ['tasks.task.list', '{"pagination":{"limit":100000}}', 'INVALIDPAGINATION'],
    ['tasks.task.get', '{"id":999999}', 'ENTITYNOTFOUND'],
    ['tasks.task.get', 'no json', 'INVALIDJSON'],
    ['tasks.task.nope', '{}', 'METHODNOTFOUND'],
  ])('%s %s is %s', async (method, body, code) => {
    const answer = await v3(method, body)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.body.error.code).toContain(code)
  })
})
