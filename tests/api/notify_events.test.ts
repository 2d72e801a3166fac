// What happens in tasks and CRM reaches people: in the bell, the stream and the timeline, once and only those concerned.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call, Portal, postJson, stoa } from '../support/portal'

interface Notification {
  author_id: number
  notify_title: string
  text: string
  setting_name: string
  params: { LINK?: string; GROUPED?: number } | null
}
interface Page {
  total_unread_count?: number
  notifications: Notification[]
}

const admin = 1
let portal: Portal
const ids: Record<string, number> = {}
const hooks: Record<string, string> = {}

const bell = async (name: string): Promise<Notification[]> => (await call<Page>(hooks[name]!, 'im.notify.get', {})).notifications
const titles = async (name: string) => (await bell(name)).map((one) => one.notify_title)
const posts = async (name: string): Promise<string[]> =>
  (await call<{ TITLE: string }[]>(hooks[name]!, 'log.blogpost.get', {})).map((post) => post.TITLE)
const addTask = async (fields: object, headers: Record<string, string> = {}) => {
  const answer = await postJson(`${portal.hook}tasks.task.add`, { fields: { TITLE: 'Write it', ...fields } }, headers)
  expect(answer.status, answer.text).toBe(200)
  return Number(answer.body.result.task.id)
}

beforeAll(async () => {
  portal = await Portal.start()
  for (const name of ['anna', 'bert', 'cleo']) {
    const invited = await stoa<{ user_id: number }>('user', 'invite', ...portal.store, '--email', `${name}@example.org`, '--first-name', name)
    ids[name] = invited.user_id
    hooks[name] = await portal.webhook(invited.user_id, 'all')
  }
  hooks.admin = portal.hook
})
afterAll(() => portal.stop())
beforeEach(async () => {
  for (const name of Object.keys(hooks)) await call(hooks[name]!, 'im.notify.read.all', {})
})
/** Those that came since the test began. */
const fresh = async (name: string): Promise<string[]> => {
  const page = await call<Page>(hooks[name]!, 'im.notify.get', {})
  return page.notifications.slice(0, page.total_unread_count ?? 0).map((one) => one.notify_title)
}

describe('tasks', () => {
  it('tell whoever gets one, with a link, and not its author', async () => {
    const id = await addTask({ RESPONSIBLE_ID: ids.anna, AUDITORS: [ids.bert] })
    const [told] = await bell('anna')
    expect(told).toMatchObject({
      author_id: admin, notify_title: 'A task was given to you', text: 'Write it', setting_name: 'tasks|manage', params: { LINK: `/tasks/${id}` },
    })
    expect(await fresh('bert')).toEqual(['You observe a task'])
    expect(await fresh('cleo')).toEqual([])
    expect(await fresh('admin')).toEqual([])
  })

  it('tell once of a request that is repeated', async () => {
    const key = { 'Idempotency-Key': 'notify-once' }
    const first = await addTask({ RESPONSIBLE_ID: ids.cleo }, key)
    expect(await addTask({ RESPONSIBLE_ID: ids.cleo }, key)).toBe(first)
    expect(await fresh('cleo')).toEqual(['A task was given to you'])
    expect((await bell('cleo'))[0]!.params?.GROUPED).toBeUndefined()
  })

  it('tell nobody of a write that failed', async () => {
    const answer = await postJson(`${portal.hook}tasks.task.add`, { fields: { TITLE: 'x', RESPONSIBLE_ID: ids.anna, STATUS: 99 } })
    expect(answer.status).toBe(400)
    expect(await fresh('anna')).toEqual([])
  })

  it('group comments by task and tell the creator of the end', async () => {
    const id = await addTask({ RESPONSIBLE_ID: ids.anna })
    for (const text of ['one', 'two']) await call(hooks.anna!, 'task.commentitem.add', [id, { POST_MESSAGE: text }])
    await call(hooks.anna!, 'tasks.task.complete', { taskId: id })
    expect(await fresh('admin')).toEqual(['Task completed', 'New comment on a task'])
    expect((await bell('admin'))[1]).toMatchObject({ text: 'Write it\ntwo', params: { GROUPED: 2 } })
    expect((await posts('anna'))[0]).toBe('Task completed')
    expect(await posts('cleo')).toEqual([])
  })

  it('leave nothing behind when they are removed', async () => {
    const id = await addTask({ RESPONSIBLE_ID: ids.bert })
    expect(await fresh('bert')).toEqual(['A task was given to you'])
    await call(portal.hook, 'tasks.task.delete', { taskId: id })
    expect(await fresh('bert')).toEqual([])
  })
})

describe('CRM', () => {
  it('tells the responsible person what others do to a deal', async () => {
    const id = await call<number>(portal.hook, 'crm.deal.add', { fields: { TITLE: 'Big one', ASSIGNED_BY_ID: ids.anna } })
    expect((await bell('anna'))[0]).toMatchObject({ notify_title: 'You are responsible now', text: 'Deal: Big one', params: { LINK: `/crm/deals/${id}` } })
    await call(hooks.anna!, 'crm.deal.update', { id, fields: { STAGE_ID: 'PREPARATION' } })
    expect(await fresh('anna')).toEqual(['You are responsible now'])
    await call(hooks.bert!, 'crm.deal.update', { id, fields: { STAGE_ID: 'WON' } })
    expect(await fresh('anna')).toEqual(['Stage changed', 'You are responsible now'])
    expect((await posts('anna'))[0]).toBe('A deal was won')
    expect(await posts('cleo')).not.toContain('A deal was won')
    const entries = await call<{ KIND: string; OLD_VALUE: string; NEW_VALUE: string; AUTHOR_ID: string }[]>(
      portal.hook, 'stoa.crm.timeline.list', { entityTypeId: 2, entityId: id })
    expect(entries.map((one) => `${one.KIND} ${one.NEW_VALUE ?? ''} ${one.AUTHOR_ID}`)).toEqual([
      `stage WON ${ids.bert}`, `stage PREPARATION ${ids.anna}`, `created  ${admin}`,
    ])
  })

  it('tells whoever gets an activity', async () => {
    const deal = await call<number>(portal.hook, 'crm.deal.add', { fields: { TITLE: 'D' } })
    const fields = { OWNER_TYPE_ID: 2, OWNER_ID: deal, TYPE_ID: 3, SUBJECT: 'Call back', RESPONSIBLE_ID: ids.bert }
    await call(portal.hook, 'crm.activity.add', { fields })
    expect((await bell('bert'))[0]).toMatchObject({ notify_title: 'An activity was given to you', text: 'Call back' })
  })
})

describe('many at once', () => {
  it('are a few and one that counts', async () => {
    const commands = 50
    for (let batch = 0; batch < 2; ++batch) {
      const cmd = Object.fromEntries(Array.from({ length: commands }, (_, n) =>
        [`t${n}`, `tasks.task.add?fields[TITLE]=T${batch}-${n}&fields[RESPONSIBLE_ID]=${ids.cleo}`]))
      const answer = await postJson(`${portal.hook}batch`, { cmd })
      expect(Object.keys(answer.body.result.result)).toHaveLength(commands)
    }
    const page = await call<Page>(hooks.cleo!, 'im.notify.get', {})
    expect(page.total_unread_count).toBe(21)
    expect(page.notifications[0]).toMatchObject({ notify_title: 'Changes of many tasks', text: 'T1-49', params: { LINK: '/tasks', GROUPED: 80 } })
    expect((await titles('cleo')).filter((title) => title === 'Changes of many tasks')).toHaveLength(1)
  })
})
