// Events: bound by an application, delivered after commit as signed form posts, tried again, or kept for fetching.
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, Portal, postJson } from '../support/portal'
import { accessToken, Receiver } from './support'

let portal: Portal
let receiver: Receiver
let auth = ''
beforeAll(async () => {
  receiver = await Receiver.start()
  portal = await Portal.start({ config: '[events]\nallow_private_targets = true\n' })
  auth = await accessToken(portal)
})
afterAll(async () => {
  await portal.stop()
  await receiver.stop()
})

// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function app(method: string, params: Record<string, unknown> = {}): Promise<any> {
  const answer = await postJson(`${portal.http}/rest/${method}`, { ...params, auth })
  if (answer.status !== 200) throw new Error(`${method}: ${answer.status} ${answer.text}`)
  return answer.body.result
}

describe('online events', () => {
  it('arrive signed, with what happened and a token to ask more', async () => {
    expect(await app('event.bind', { event: 'onCrmDealAdd', handler: receiver.url, auth_type: 1 })).toBe(true)
    const id = await call(portal.hook, 'crm.deal.add', { fields: { TITLE: 'Told' } })
    const told = await receiver.take('ONCRMDEALADD', ({ form }) => form.get('data[FIELDS][ID]') === String(id))
    expect(told.form.get('event')).toBe('ONCRMDEALADD')
    expect(Number(told.form.get('ts'))).toBeGreaterThan(1_700_000_000)
    expect(told.form.get('auth[member_id]')).toMatch(/^[0-9a-f]{32}$/)
    const secret = told.form.get('auth[application_token]')!
    expect(told.headers['x-stoa-signature']).toBe(`sha256=${createHmac('sha256', secret).update(told.body).digest('hex')}`)
    const token = told.form.get('auth[access_token]')!
    const deal = await postJson(`${portal.http}/rest/crm.deal.get`, { id, auth: token })
    expect(deal.body.result.TITLE).toBe('Told')
  })

  it('are listed, refused twice, and end when unbound', async () => {
    expect(await app('event.get')).toEqual([expect.objectContaining({ event: 'ONCRMDEALADD', handler: receiver.url })])
    const twice = await postJson(`${portal.http}/rest/event.bind`, { event: 'ONCRMDEALADD', handler: receiver.url, auth_type: 1, auth })
    expect(twice.body.error).toBe('ERROR_HANDLER_ALREADY_EXIST')
    const unknown = await postJson(`${portal.http}/rest/event.bind`, { event: 'ONNOTHING', handler: receiver.url, auth })
    expect([unknown.status, unknown.body.error]).toEqual([400, 'ERROR_EVENT_NOT_FOUND'])
  })

  it('are not sent for a write that failed', async () => {
    const before = receiver.deliveries.length
    await postJson(`${portal.hook}crm.deal.add`, { fields: { TITLE: 'x', OPPORTUNITY: 'wrong' } })
    const id = await call(portal.hook, 'crm.deal.add', { fields: { TITLE: 'after' } })
    await receiver.take('the next event', ({ form }) => form.get('data[FIELDS][ID]') === String(id))
    expect(receiver.deliveries.length).toBe(before + 1)
  })

  it('are tried again until the receiver takes them, also over a restart', async () => {
    receiver.status = 500
    const id = await call(portal.hook, 'crm.deal.add', { fields: { TITLE: 'Stubborn' } })
    const mine = ({ form }: { form: URLSearchParams }) => form.get('data[FIELDS][ID]') === String(id)
    const first = await receiver.take('the first try', mine)
    await portal.kill()
    receiver.status = 200
    receiver.deliveries.length = 0
    await portal.serve()
    const second = await receiver.take('the try after the restart', mine, 60_000)
    expect(second.headers['x-stoa-delivery']).toBe(first.headers['x-stoa-delivery'])
  })

  it('stop when unbound', async () => {
    expect(await app('event.unbind', { event: 'ONCRMDEALADD', handler: receiver.url })).toEqual({ count: 1 })
    expect(await app('event.get')).toEqual([])
  })
})

describe('offline events', () => {
  it('wait until they are fetched, one for each object', async () => {
    await app('event.bind', { event: 'ONCRMCONTACTUPDATE', event_type: 'offline' })
    const id = await call(portal.hook, 'crm.contact.add', { fields: { NAME: 'Off' } })
    for (const name of ['a', 'b']) await call(portal.hook, 'crm.contact.update', { id, fields: { NAME: name } })
    let got: { EVENT_NAME: string; EVENT_DATA: { FIELDS: { ID: string } } }[] = []
    for (let i = 0; i < 100 && got.length === 0; i++) {
      got = (await app('event.offline.get', { clear: 0 })).events
      if (got.length === 0) await new Promise((done) => setTimeout(done, 50))
    }
    expect(got).toHaveLength(1)
    expect(got[0]!.EVENT_NAME).toBe('ONCRMCONTACTUPDATE')
    expect(String(got[0]!.EVENT_DATA.FIELDS.ID)).toBe(String(id))
  })
})

describe('placements', () => {
  it('are bound, listed and unbound by an application', async () => {
    const handler = 'https://app.example/widget'
    expect(await app('placement.bind', { PLACEMENT: 'CRM_DEAL_DETAIL_TAB', HANDLER: handler, TITLE: 'Tab' })).toBe(true)
    expect(await app('placement.get')).toEqual([expect.objectContaining({ placement: 'CRM_DEAL_DETAIL_TAB', handler })])
    // The documented count: one for each widget found and one more for each removed.
    expect(await app('placement.unbind', { PLACEMENT: 'CRM_DEAL_DETAIL_TAB', HANDLER: handler })).toEqual({ count: 2 })
    expect(await app('placement.get')).toEqual([])
    const wrong = await postJson(`${portal.http}/rest/placement.bind`, { PLACEMENT: 'NOWHERE', HANDLER: handler, auth })
    expect(wrong.body.error).toBe('ERROR_PLACEMENT_NOT_FOUND')
  })
})
