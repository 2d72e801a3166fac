// The drive and files in fields, over plain HTTP and with the official client.
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { B24Hook } from '@bitrix24/b24jssdk'
import { ask, call, Portal, postJson, stoa, type Created } from '../support/portal'

interface DriveObject {
  ID: string | number
  NAME: string
  TYPE: 'file' | 'folder'
  FILE_ID: string | number
  SIZE: string
  DOWNLOAD_URL: string
  [name: string]: unknown
}

let portal: Portal
let root: number
const hooks: Record<string, string> = {}

/** Links carry the portal's own address; the suite talks plain http to where it listens. */
const here = (url: string) => url.replace(/^https?:\/\/[^/]+/, portal.http)
const fetchBytes = async (url: string, headers: Record<string, string> = {}) => {
  const answer = await fetch(here(url), { headers, redirect: 'follow' })
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) }
}
const base64 = (content: string | Buffer) => Buffer.from(content).toString('base64')
const upload = (folder: number, name: string, content: string | Buffer, more = {}) =>
  call(portal.hook, 'disk.folder.uploadFile', { id: folder, data: { NAME: name }, fileContent: [name, base64(content)], ...more }) as Promise<DriveObject>
const folder = async (parent: number, name: string) =>
  Number((await call(portal.hook, 'disk.folder.addSubFolder', { id: parent, data: { NAME: name } })).ID)
const refusal = async (hook: string, method: string, parameters: object) => {
  const answer = await postJson(hook + method, parameters)
  expect(answer.status, answer.text).toBeGreaterThanOrEqual(400)
  return answer.body.error as string
}

beforeAll(async () => {
  portal = await Portal.start({ create: ['--fixtures', 'sdk'] })
  for (const name of ['anna', 'bert']) {
    const invited = await stoa<{ user_id: number }>('user', 'invite', ...portal.store, '--email', `${name}@example.org`, '--first-name', name)
    const hook = await stoa<{ webhook_url: string }>('webhook', 'create', ...portal.store, '--user', String(invited.user_id), '--scope', 'all')
    hooks[name] = here(hook.webhook_url)
  }
  const storages = await call(portal.hook, 'disk.storage.getList', { filter: { ENTITY_TYPE: 'user', ENTITY_ID: '1' } })
  root = Number(storages[0].ROOT_OBJECT_ID)
})
afterAll(() => portal.stop())

describe('storages', () => {
  it('are there without having been made', async () => {
    const list = await ask(`${hooks.anna}disk.storage.getlist`)
    expect(list.body.result.map((one: { ENTITY_TYPE: string }) => one.ENTITY_TYPE)).toEqual(['common', 'user'])
    expect(list.body.total).toBe(2)
    expect(list.body.result[0]).toMatchObject({ CODE: null, MODULE_ID: 'disk', ENTITY_ID: 'shared_files_s1' })
    expect(await call(portal.hook, 'disk.storage.getTypes', {})).toEqual(['user', 'common', 'group'])
  })

  it('take folders and files at their root', async () => {
    const storage = (await call(portal.hook, 'disk.storage.getList', { filter: { ENTITY_TYPE: 'user', ENTITY_ID: '1' } }))[0]
    const made = await call(portal.hook, 'disk.storage.addFolder', { id: storage.ID, data: { NAME: 'At the root' } })
    expect(made).toMatchObject({ NAME: 'At the root', TYPE: 'folder', DELETED_TYPE: 0, DELETED_BY: null })
    expect(typeof made.ID).toBe('number')
    const file = await call(portal.hook, 'disk.storage.uploadFile', { id: storage.ID, data: { NAME: 'root.txt' }, fileContent: ['x', base64('r')] })
    expect(file).toMatchObject({ NAME: 'root.txt', TYPE: 'file', SIZE: '1', GLOBAL_CONTENT_VERSION: 1 })
    const children = await call(portal.hook, 'disk.storage.getChildren', { id: storage.ID, filter: { '%NAME': 'root' } })
    expect(children.map((child: DriveObject) => child.NAME).sort()).toEqual(['At the root', 'root.txt'])
  })
})

describe('files', () => {
  it('come back byte by byte, whole and in parts', async () => {
    const content = randomBytes(300_000)
    const made = await upload(root, 'bytes.bin', content)
    const got = await fetchBytes(made.DOWNLOAD_URL)
    expect(got.status).toBe(200)
    expect(got.bytes.equals(content)).toBe(true)
    expect(got.headers.get('content-disposition')).toBe('attachment; filename="bytes.bin"; filename*=UTF-8\'\'bytes.bin')
    expect(got.headers.get('x-content-type-options')).toBe('nosniff')
    const part = await fetchBytes(made.DOWNLOAD_URL, { Range: 'bytes=1000-1999' })
    expect(part.status).toBe(206)
    expect(part.bytes.equals(content.subarray(1000, 2000))).toBe(true)
    const etag = got.headers.get('etag')!
    expect((await fetchBytes(made.DOWNLOAD_URL, { 'If-None-Match': etag })).status).toBe(304)
    expect((await fetchBytes(made.DOWNLOAD_URL, { Range: 'bytes=300000-' })).status).toBe(416)
    const head = await fetch(here(made.DOWNLOAD_URL), { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe('300000')
  })

  it('of twenty megabytes travel in base64, larger ones by an address of their own', async () => {
    const large = randomBytes(20 << 20)
    const made = await upload(root, 'large.bin', large)
    expect(made.SIZE).toBe(String(20 << 20))
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    expect(digest((await fetchBytes(made.DOWNLOAD_URL)).bytes)).toBe(digest(large))

    const larger = randomBytes(31 << 20)
    const offer = await call(portal.hook, 'disk.folder.uploadFile', { id: root })
    expect(offer.field).toBe('file')
    const form = new FormData()
    form.append(offer.field, new Blob([larger]), 'larger.bin')
    const answer = await fetch(here(offer.uploadUrl), { method: 'POST', body: form })
    const sent = (await answer.json()) as { result: DriveObject }
    expect(sent.result).toMatchObject({ NAME: 'larger.bin', SIZE: String(31 << 20) })
    expect(digest((await fetchBytes(sent.result.DOWNLOAD_URL)).bytes)).toBe(digest(larger))
  }, 180_000)

  it('arrive once although the request is repeated', async () => {
    const body = { id: root, data: { NAME: 'once.txt' }, fileContent: ['once.txt', base64('once')] }
    const send = () =>
      ask(`${portal.hook}disk.folder.uploadFile`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'disk-once' },
        body: JSON.stringify(body),
      })
    const [first, again] = [await send(), await send()]
    expect(again.body.result.ID).toBe(first.body.result.ID)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
  })

  it('keep their versions', async () => {
    const made = await upload(root, 'versions.txt', 'first')
    await call(portal.hook, 'disk.file.uploadVersion', { id: made.ID, fileContent: ['v', base64('second, longer')] })
    const versions = await call(portal.hook, 'disk.file.getVersions', { id: made.ID })
    expect(versions.map((version: { SIZE: string }) => version.SIZE)).toEqual(['14', '5'])
    expect((await fetchBytes(versions[1].DOWNLOAD_URL)).bytes.toString()).toBe('first')
    const now = await call(portal.hook, 'disk.file.get', { id: made.ID })
    expect(now).toMatchObject({ GLOBAL_CONTENT_VERSION: '2', SIZE: '14', DELETED_BY: '0' })
    expect((await fetchBytes(now.DOWNLOAD_URL)).bytes.toString()).toBe('second, longer')
  })

  it('with a taken name are refused or renamed', async () => {
    await upload(root, 'taken.txt', 'a')
    expect(await refusal(portal.hook, 'disk.folder.uploadFile', { id: root, data: { NAME: 'TAKEN.txt' }, fileContent: ['x', 'eA=='] })).toBe('DISK_OBJ_22000')
    expect((await upload(root, 'taken.txt', 'b', { generateUniqueName: true })).NAME).toBe('taken (1).txt')
  })

  it('are refused when they are no base64', async () => {
    expect(await refusal(portal.hook, 'disk.folder.uploadFile', { id: root, data: { NAME: 'x' }, fileContent: ['x', '###'] })).toBe('ERROR_COULD_NOT_SAVE_FILE')
    expect(await refusal(portal.hook, 'disk.folder.uploadFile', { id: root, fileContent: ['x', 'eA=='] })).toBe('DISK_BASE_SERVICE_22001')
    expect(await refusal(portal.hook, 'disk.folder.uploadFile', { id: 999999, data: { NAME: 'x' }, fileContent: ['x', 'eA=='] })).toBe('ERROR_NOT_FOUND')
  })

  it('open nothing when their link is forged, even a little', async () => {
    const { DOWNLOAD_URL } = await upload(root, 'link.txt', 'secret')
    const token = new URL(DOWNLOAD_URL).searchParams.get('token')!
    for (const forged of [token.slice(0, -2), `${token}A`, token.replace('.', ''), '', 'WyJkIiwxLDk5OTk5OTk5OTksMV0.x']) {
      expect((await fetch(`${portal.http}/rest/download.json?token=${forged}`)).status, forged).toBe(403)
    }
    expect((await fetch(`${portal.http}/rest/upload.json?token=${token}`, { method: 'POST', body: 'x' })).status).toBe(403)
  })
})

describe('folders', () => {
  it('are moved, copied, thrown away and brought back with all that lies in them', async () => {
    const outer = await folder(root, 'outer')
    const inner = await folder(outer, 'inner')
    const file = await upload(inner, 'deep.txt', 'deep')
    const target = await folder(root, 'target')
    const copy = await call(portal.hook, 'disk.folder.copyTo', { id: outer, targetFolderId: target })
    await call(portal.hook, 'disk.folder.moveTo', { id: inner, targetFolderId: target })
    const moved = await call(portal.hook, 'disk.file.get', { id: file.ID })
    expect(moved.DETAIL_URL).toMatch(/\/disk\/file\/target\/inner\/deep\.txt$/)
    expect((await call(portal.hook, 'disk.folder.getChildren', { id: copy.ID })).map((child: DriveObject) => child.NAME)).toEqual(['inner'])

    expect(await call(portal.hook, 'disk.folder.markDeleted', { id: target })).toMatchObject({ DELETED_TYPE: 3 })
    expect(await refusal(portal.hook, 'disk.file.get', { id: file.ID })).toBe('ERROR_NOT_FOUND')
    await call(portal.hook, 'disk.folder.restore', { id: target })
    expect((await call(portal.hook, 'disk.file.get', { id: file.ID })).NAME).toBe('deep.txt')
    const { DOWNLOAD_URL } = await call(portal.hook, 'disk.file.get', { id: file.ID })
    expect(await call(portal.hook, 'disk.folder.deleteTree', { id: target })).toBe(true)
    expect((await fetchBytes(DOWNLOAD_URL)).status).toBe(404)
  })

  it('are listed in pages of fifty', async () => {
    const parent = await folder(root, 'many')
    const cmd = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, `disk.folder.addSubFolder?id=${parent}&data[NAME]=f${100 + i}`]))
    await call(portal.hook, 'batch', { cmd })
    await folder(parent, 'f999')
    const first = (await ask(`${portal.hook}disk.folder.getChildren?id=${parent}&order[NAME]=DESC`)).body
    expect([first.total, first.next, first.result.length, first.result[0].NAME]).toEqual([51, 50, 50, 'f999'])
    const last = (await ask(`${portal.hook}disk.folder.getChildren?id=${parent}&order[NAME]=DESC&start=50`)).body
    expect([last.next, last.result.length]).toEqual([undefined, 1])
  })
})

describe('people', () => {
  it('see their own files and the common ones, and no others', async () => {
    const mine = await upload(root, 'private.txt', 'mine')
    for (const method of ['disk.file.get', 'disk.file.delete', 'disk.file.getVersions', 'disk.file.getExternalLink']) {
      expect(await refusal(hooks.anna!, method, { id: mine.ID }), method).toBe('ERROR_NOT_FOUND')
    }
    expect(await refusal(hooks.anna!, 'disk.folder.getChildren', { id: root })).toBe('ERROR_NOT_FOUND')
    const storages = await call(hooks.anna!, 'disk.storage.getList', { filter: { ENTITY_TYPE: 'common' } })
    const common = Number(storages[0].ROOT_OBJECT_ID)
    const shared = await call(hooks.anna!, 'disk.folder.uploadFile', { id: common, data: { NAME: 'shared.txt' }, fileContent: ['s', base64('all')] })
    expect((await call(hooks.bert!, 'disk.file.get', { id: shared.ID })).NAME).toBe('shared.txt')
    expect(await refusal(hooks.bert!, 'disk.file.delete', { id: shared.ID })).toBe('ACCESS_DENIED')
    expect(await call(hooks.anna!, 'disk.file.delete', { id: shared.ID })).toBe(true)
  })

  it('let others in', async () => {
    const parent = await folder(root, 'for anna')
    const file = await upload(parent, 'read me.txt', 'hello')
    const anna = (await call(hooks.anna!, 'user.current', {})).ID
    await call(portal.hook, 'disk.folder.shareToUser', { id: parent, userId: anna, taskName: 'disk_access_read' })
    const seen = await call(hooks.anna!, 'disk.file.get', { id: file.ID })
    expect((await fetchBytes(seen.DOWNLOAD_URL)).bytes.toString()).toBe('hello')
    expect(await refusal(hooks.anna!, 'disk.file.rename', { id: file.ID, newName: 'x' })).toBe('ACCESS_DENIED')
    expect(await refusal(hooks.bert!, 'disk.file.get', { id: file.ID })).toBe('ERROR_NOT_FOUND')
  })

  it('of another company see nothing, not even with the same numbers', async () => {
    const other = await stoa<Created>('account', 'create', ...portal.store, '--name', 'Other', '--email', 'other@example.net', '--url', portal.https)
    const hook = here(other.webhook_url)
    const mine = await upload(root, 'ours.txt', 'ours')
    expect(await refusal(hook, 'disk.file.get', { id: mine.ID })).toBe('ERROR_NOT_FOUND')
    const storages = await call(hook, 'disk.storage.getList', {})
    const theirs = await call(hook, 'disk.folder.uploadFile', { id: storages[1].ROOT_OBJECT_ID, data: { NAME: 'theirs' }, fileContent: ['x', base64('ours')] })
    expect((await fetchBytes(theirs.DOWNLOAD_URL)).bytes.toString()).toBe('ours')
    expect(await call(hook, 'disk.file.delete', { id: theirs.ID })).toBe(true)
    expect((await fetchBytes(mine.DOWNLOAD_URL)).bytes.toString()).toBe('ours')
  })
})

describe('public links', () => {
  it('open a file to everybody, until it is thrown away', async () => {
    const made = await upload(root, 'public.txt', 'for all')
    const link = await call(portal.hook, 'disk.file.getExternalLink', { id: made.ID })
    expect(await call(portal.hook, 'disk.file.getExternalLink', { id: made.ID })).toBe(link)
    expect((await fetchBytes(link)).bytes.toString()).toBe('for all')
    await call(portal.hook, 'disk.file.markDeleted', { id: made.ID })
    expect((await fetchBytes(link)).status).toBe(404)
  })

  it('open a folder as a page', async () => {
    const parent = await folder(root, '<b>public</b>'.replace(/[<>/]/g, '_'))
    await upload(parent, 'one.txt', '1')
    const link = await call(portal.hook, 'disk.folder.getExternalLink', { id: parent })
    const page = (await fetchBytes(link)).bytes.toString()
    const file = /href="(\?file=\d+)">one\.txt</.exec(page)![1]
    expect((await fetchBytes(link + file)).bytes.toString()).toBe('1')
    expect((await fetchBytes(`${link}?file=1`)).status).toBe(404)
  })
})

describe('files in fields', () => {
  it('of contacts, companies and users are shown as links', async () => {
    const id = await call(portal.hook, 'crm.contact.add', { fields: { NAME: 'With photo', PHOTO: { fileData: ['me.png', base64('\x89PNG')] } } })
    const { PHOTO } = await call(portal.hook, 'crm.contact.get', { id })
    expect((await fetchBytes(PHOTO.downloadUrl)).bytes.length).toBeGreaterThan(0)
    const updated = await call(portal.hook, 'crm.item.update', { entityTypeId: 3, id, fields: { photo: ['new.txt', base64('new')] } })
    expect((await fetchBytes(updated.item.photo.urlMachine)).bytes.toString()).toBe('new')
    expect((await fetchBytes(PHOTO.downloadUrl)).status).toBe(404)

    await call(portal.hook, 'user.update', { ID: 1, PERSONAL_PHOTO: ['face.gif', base64('GIF89a')] })
    const [me] = await call(portal.hook, 'user.get', { ID: 1 })
    const face = await fetchBytes(me.PERSONAL_PHOTO)
    expect(face.headers.get('content-type')).toBe('image/gif')
    expect(face.headers.get('content-disposition')).toMatch(/^inline/)
  })

  it('of comments and tasks hang on them', async () => {
    const comment = await call(portal.hook, 'crm.timeline.comment.add', {
      fields: { ENTITY_ID: 2, ENTITY_TYPE: 'contact', COMMENT: 'see file', FILES: [['a.txt', base64('attached')]] },
    })
    const { FILES } = await call(portal.hook, 'crm.timeline.comment.get', { id: comment })
    const [file] = Object.values(FILES) as { name: string; urlDownload: string }[]
    expect(file!.name).toBe('a.txt')
    expect((await fetchBytes(file!.urlDownload)).bytes.toString()).toBe('attached')

    const made = await upload(root, 'for the task.txt', 'task file')
    const added = await call(portal.hook, 'tasks.task.add', { fields: { TITLE: 'With file', RESPONSIBLE_ID: 1, UF_TASK_WEBDAV_FILES: [`n${made.ID}`] } })
    const { task } = await call(portal.hook, 'tasks.task.get', { taskId: added.task.id, select: ['ID', 'UF_TASK_WEBDAV_FILES'] })
    expect(task.ufTaskWebdavFiles).toHaveLength(1)
    const attached = await call(portal.hook, 'disk.attachedObject.get', { id: task.ufTaskWebdavFiles[0] })
    expect(attached).toMatchObject({ OBJECT_ID: String(made.ID), ENTITY_TYPE: 'tasks_task', NAME: 'for the task.txt', SIZE: '9' })
    expect((await fetchBytes(attached.DOWNLOAD_URL)).bytes.toString()).toBe('task file')
  })
})

describe('the official client', () => {
  it('uploads, lists and downloads', async () => {
    const b24 = B24Hook.fromWebhookUrl(portal.created.webhook_url)
    const made = await b24.actions.v2.call.make<DriveObject>({
      method: 'disk.folder.uploadfile',
      params: { id: root, data: { NAME: 'sdk.txt' }, fileContent: ['sdk.txt', base64('from the client')], generateUniqueName: true },
    })
    expect(made.isSuccess, made.getErrorMessages().join()).toBe(true)
    expect((await fetchBytes(made.getData()!.result.DOWNLOAD_URL)).bytes.toString()).toBe('from the client')
    const batch = await b24.actions.v2.batch.make({
      calls: { list: ['disk.storage.getlist', {}], children: ['disk.folder.getchildren', { id: root, filter: { NAME: 'sdk.txt' } }] },
      options: { isHaltOnError: true },
    })
    expect(batch.isSuccess).toBe(true)
    await expect(b24.actions.v2.call.make({ method: 'disk.file.get', params: { id: 999999 } })).rejects.toThrow('Could not find entity with id')
    b24.destroy()
  })
})

describe('upkeep', () => {
  it('finds nothing to remove on the first day', async () => {
    expect(await stoa('files', 'clean', ...portal.store)).toEqual({ found: 0, removed: 0 })
  })
})
