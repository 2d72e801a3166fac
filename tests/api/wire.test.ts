// The v2 wire as plain HTTP clients see it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, call, Portal, postJson } from '../support/portal'

let portal: Portal
beforeAll(async () => {
  portal = await Portal.start({ create: ['--fixtures', 'sdk'] })
})
afterAll(() => portal.stop())

describe('addresses and parameters', () => {
  it('takes GET, JSON, forms and multipart alike', async () => {
    const hook = portal.hook
    const id = 2
    const form = new URLSearchParams({ id: String(id) })
    const multipart = new FormData()
    multipart.set('id', String(id))
    const answers = await Promise.all([
      ask(`${hook}crm.deal.get?id=${id}`),
      ask(`${hook}crm.deal.get.json?ID=${id}`),
      ask(`${hook}CRM.DEAL.GET/?id=${id}`),
      postJson(`${hook}crm.deal.get`, { id }),
      ask(`${hook}crm.deal.get`, { method: 'POST', body: form }),
      ask(`${hook}crm.deal.get`, { method: 'POST', body: multipart }),
      postJson(`${hook.replace('/rest/', '/rest//')}crm.deal.get?bx24_request_id=1`, { id: String(id) }),
    ])
    for (const answer of answers) {
      expect(answer.status, answer.text).toBe(200)
      expect(answer.body.result.ID).toBe('2')
    }
  })

  it('nests form fields as PHP does', async () => {
    const body = 'fields[TITLE]=Form+deal&fields[OPPORTUNITY]=10.5&fields%5BCURRENCY_ID%5D=EUR'
    const added = await ask(`${portal.hook}crm.deal.add`, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body })
    const deal = await call(portal.hook, 'crm.deal.get', { id: added.body.result })
    expect(deal).toMatchObject({ TITLE: 'Form deal', OPPORTUNITY: '10.50', CURRENCY_ID: 'EUR' })
  })

  it('answers XML when asked', async () => {
    const answer = await ask(`${portal.hook}server.time.xml`)
    expect(answer.headers.get('content-type')).toContain('xml')
    expect(answer.text).toMatch(/<response>.*<result>\d{4}-/s)
  })

  it('wraps results in the envelope with time', async () => {
    const { body } = await ask(`${portal.hook}server.time`)
    expect(body.result).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/)
    expect(body.time.duration).toBeGreaterThanOrEqual(0)
    expect(body.time.operating).toBeGreaterThanOrEqual(0)
    expect(body.time.operating_reset_at).toBeGreaterThan(Date.now() / 1000)
    expect(body.time.date_start).toMatch(/^\d{4}-\d\d-\d\dT/)
  })
})

describe('errors', () => {
  it.each([
    ['an unknown method', 'crm.no.such', {}, 404, 'ERROR_METHOD_NOT_FOUND'],
    ['an application-only method', 'event.bind', { event: 'ONCRMDEALADD', handler: 'https://example.org/' }, 403, 'WRONG_AUTH_TYPE'],
    ['an unknown filter field', 'crm.type.list', { filter: { nope: 1 } }, 400, 'INVALID_ARG_VALUE'],
  ])('names %s', async (_what, method, params, status, code) => {
    const answer = await postJson(portal.hook + method, params)
    expect(answer.status, answer.text).toBe(status)
    expect(answer.body.error).toBe(code)
    expect(answer.body.error_description).toBeTruthy()
  })

  it('tells a wrong webhook from a missing one', async () => {
    const wrong = await ask(`${portal.http}/rest/1/wrongcode12345/server.time`)
    expect([wrong.status, wrong.body.error]).toEqual([401, 'INVALID_CREDENTIALS'])
    const none = await ask(`${portal.http}/rest/server.time`)
    expect([none.status, none.body.error]).toEqual([401, 'NO_AUTH_FOUND'])
    const forged = await ask(`${portal.http}/rest/server.time?auth=${'a'.repeat(32)}`)
    expect([forged.status, forged.body.error]).toEqual([401, 'invalid_token'])
  })

  it('keeps a webhook to its scopes', async () => {
    const tasksOnly = await portal.webhook(1, 'task')
    const answer = await postJson(`${tasksOnly}crm.deal.get`, { id: 2 })
    expect([answer.status, answer.body.error]).toEqual([403, 'insufficient_scope'])
    expect((await postJson(`${tasksOnly}tasks.task.get`, { taskId: 2 })).status).toBe(200)
  })
})

describe('batch', () => {
  it('runs commands in order and puts earlier results into later ones', async () => {
    const result = await call(portal.hook, 'batch', {
      halt: 0,
      cmd: {
        company: 'crm.company.add?fields[TITLE]=Batch%20company',
        deal: 'crm.deal.add?fields[TITLE]=Batch%20deal&fields[COMPANY_ID]=$result[company]',
        read: 'crm.deal.get?id=$result[deal]',
        list: 'crm.deal.list?filter[ID]=$result[deal]&select[]=ID',
      },
    })
    expect(result.result.read.COMPANY_ID).toBe(String(result.result.company))
    expect(result.result_total).toEqual({ list: 1 })
    expect(result.result_error).toEqual([])
    expect(result.result_next).toEqual([])
    expect(result.result_time.read.operating_reset_at).toBeGreaterThan(0)
  })

  it('reports errors beside results, and stops when told to', async () => {
    const cmd = ['server.time', 'crm.no.such', 'server.time']
    const goOn = await call(portal.hook, 'batch', { cmd })
    expect(Object.keys(goOn.result)).toEqual(['0', '2'])
    expect(goOn.result_error['1'].error).toBe('ERROR_METHOD_NOT_FOUND')
    const halted = await call(portal.hook, 'batch', { cmd, halt: 1 })
    expect(halted.result).toHaveLength(1)
    expect(Object.keys(halted.result_error)).toEqual(['1'])
  })

  it('refuses nesting and the 51st command, each on its own', async () => {
    const cmd: Record<string, string> = { nested: 'batch?cmd[]=server.time' }
    for (let i = 0; i < 50; i++) cmd[`c${i}`] = 'server.time'
    const result = await call(portal.hook, 'batch', { cmd })
    expect(result.result_error.nested.error).toBe('ERROR_BATCH_METHOD_NOT_ALLOWED')
    expect(result.result_error.c49.error).toBe('ERROR_BATCH_LENGTH_EXCEEDED')
    expect(result.result.c48).toBeTruthy()
  })
})

describe('one request, one effect', () => {
  it('gives the stored answer to a repeated Idempotency-Key and refuses it for another request', async () => {
    const url = `${portal.hook}crm.lead.add`
    const headers = { 'Idempotency-Key': 'wire-test-1' }
    const first = await postJson(url, { fields: { TITLE: 'Once' } }, headers)
    const again = await postJson(url, { fields: { TITLE: 'Once' } }, headers)
    expect(again.body.result).toBe(first.body.result)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    const other = await postJson(url, { fields: { TITLE: 'Twice' } }, headers)
    expect(other.status).toBe(422)
    const leads = await call(portal.hook, 'crm.lead.list', { filter: { TITLE: ['Once', 'Twice'] } })
    expect(leads).toHaveLength(1)
  })

  it('does it once when the same key comes many times at the same moment', async () => {
    const url = `${portal.hook}crm.lead.add`
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => postJson(url, { fields: { TITLE: 'Stampede' } }, { 'Idempotency-Key': 'wire-test-2' })),
    )
    expect(new Set(answers.map((answer) => answer.body.result)).size).toBe(1)
    expect(await call(portal.hook, 'crm.lead.list', { filter: { TITLE: 'Stampede' } })).toHaveLength(1)
  })
})

describe('lists', () => {
  it('walk by id without counting', async () => {
    const seen: string[] = []
    for (;;) {
      const last = seen.at(-1) ?? '0'
      const { body } = await postJson(`${portal.hook}crm.company.list`, { order: { ID: 'ASC' }, filter: { '>ID': last }, select: ['ID'], start: -1 })
      expect(body.next).toBeUndefined()
      seen.push(...body.result.map((row: { ID: string }) => row.ID))
      if (body.result.length < 50) break
    }
    const counted = await postJson(`${portal.hook}crm.company.list`, { select: ['ID'] })
    expect(counted.body.total).toBe(seen.length)
    expect(counted.body.next).toBe(50)
    expect(new Set(seen).size).toBe(seen.length)
  })
})

describe('accounts', () => {
  it('never shows one account to another', async () => {
    const { stoa } = await import('../support/portal')
    const other = await stoa<{ account_id: number; webhook_url: string }>('account', 'create', ...portal.store, '--name', 'Other', '--url', portal.https)
    const hook = portal.http + new URL(other.webhook_url).pathname.replace(/\/?$/, '/')
    for (const [method, params] of [
      ['crm.deal.get', { id: 2 }],
      ['crm.deal.update', { id: 2, fields: { TITLE: 'stolen' } }],
      ['crm.deal.delete', { id: 2 }],
      ['crm.item.get', { entityTypeId: 4, id: 5 }],
    ] as const) {
      const answer = await postJson(hook + method, params)
      expect(answer.status, `${method} ${answer.text}`).toBe(400)
    }
    expect(await call(hook, 'crm.deal.list')).toEqual([])
    expect((await call(portal.hook, 'crm.deal.get', { id: 2 })).TITLE).not.toBe('stolen')
  })
})
