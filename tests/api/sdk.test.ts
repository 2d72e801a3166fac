// The official JavaScript client, as npm has it, unchanged, over https.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { B24Hook, EnumCrmEntityTypeId } from '@bitrix24/b24jssdk'
import { Portal } from '../support/portal'

let portal: Portal
let b24: B24Hook
beforeAll(async () => {
  portal = await Portal.start({ create: ['--fixtures', 'sdk'] })
  b24 = B24Hook.fromWebhookUrl(portal.created.webhook_url)
})
afterAll(async () => {
  b24.destroy()
  await portal.stop()
})

describe('the official client', () => {
  it('calls v2 methods', async () => {
    const time = await b24.actions.v2.call.make({ method: 'server.time', params: {} })
    expect(time.isSuccess).toBe(true)
    const task = await b24.actions.v2.call.make<{ task: { id: string; title: string } }>({ method: 'tasks.task.get', params: { taskId: 2, select: ['ID', 'TITLE'] } })
    expect(task.getData()!.result.task.title).toBeTruthy()
  })

  it('walks whole lists', async () => {
    const all = await b24.actions.v2.callList.make<{ id: number; title: string }>({
      method: 'crm.item.list',
      params: { entityTypeId: EnumCrmEntityTypeId.company, filter: { '=%title': 'A%' }, select: ['id', 'title'] },
      idKey: 'id',
      customKeyForResult: 'items',
    })
    expect(all.isSuccess).toBe(true)
    const list = all.getData()!
    expect(list.length).toBeGreaterThan(50)
    expect(new Set(list.map((row) => row.id)).size).toBe(list.length)
  })

  it('batches v2 calls and keeps their keys', async () => {
    const response = await b24.actions.v2.batch.make<{ item: { id: number } }>({
      calls: {
        Contact: { method: 'crm.item.get', params: { entityTypeId: EnumCrmEntityTypeId.contact, id: 2 } },
        Deal: ['crm.item.get', { entityTypeId: EnumCrmEntityTypeId.deal, id: 2 }],
      },
      options: { isHaltOnError: true, returnAjaxResult: true },
    })
    expect(response.isSuccess).toBe(true)
    const data = response.getData() as unknown as Record<string, { getData: () => { result: { item: { id: number } } } }>
    expect(data.Contact!.getData().result.item.id).toBe(2)
    expect(data.Deal!.getData().result.item.id).toBe(2)
  })

  it('calls and batches v3 methods', async () => {
    const got = await b24.actions.v3.call.make<{ item: { id: number; title: string } }>({ method: 'tasks.task.get', params: { id: 2, select: ['id', 'title'] } })
    expect(got.getData()!.result.item.id).toBe(2)
    const batch = await b24.actions.v3.batch.make({
      calls: [
        ['tasks.task.get', { id: 2, select: ['id'] }],
        ['tasks.task.update', { id: 2, fields: { title: 'Renamed by the client' } }],
      ],
      options: { isHaltOnError: true, returnAjaxResult: true },
    })
    expect(batch.isSuccess).toBe(true)
    const renamed = await b24.actions.v3.call.make<{ item: { title: string } }>({ method: 'tasks.task.get', params: { id: 2, select: ['title'] } })
    expect(renamed.getData()!.result.item.title).toBe('Renamed by the client')
  })
})
