// A balancer that got no answer sends the request to another process, with the same id and without the client's help:
// one effect, the same answer, also while the first one is still at it. And it must not take all processes for dead
// because the database is.
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, call, Portal, postJson, until, type Answer } from '../support/portal'
import { engine } from '../support/topology'
import { pause } from './load'

const workers = 4  // of each process, see support/portal.ts
let portal: Portal | undefined
afterEach(async () => {
  await engine('cont', 'mariadb1')
  await portal?.stop()
  portal = undefined
})

async function start(): Promise<{ hooks: [string, string]; add: (hook: string, title: string, id: string) => ReturnType<typeof postJson> }> {
  portal = await Portal.start({ topology: 'mariadb' })
  const path = new URL(portal.hook).pathname
  const hooks = portal.directUrls.map((url) => url + path) as [string, string]
  const add = (hook: string, title: string, id: string) =>
    postJson(`${hook}crm.lead.add`, { fields: { TITLE: title } }, { 'X-Request-ID': id })
  return { hooks, add }
}

async function idsOf(title: string): Promise<number[]> {
  const rows = await call<{ ID: string }[]>(portal!.hook, 'crm.lead.list', { filter: { TITLE: title }, select: ['ID'] })
  return rows.map((row) => Number(row.ID))
}

it('gives the first answer again, whichever process is asked', { timeout: 60_000 }, async () => {
  const { hooks, add } = await start()
  const first = await add(hooks[0], 'twice', 'balancer-1')
  const again = await add(hooks[1], 'twice', 'balancer-1')
  expect(first.status, first.text).toBe(200)
  expect(again.status, again.text).toBe(200)
  expect(again.body.result).toBe(first.body.result)
  expect(again.headers.get('x-request-id')).toBe('balancer-1')
  expect(await idsOf('twice')).toEqual([first.body.result])
  // An id that comes with something else is no repetition, and nothing is done.
  expect((await add(hooks[1], 'another', 'balancer-1')).status).toBe(422)
  expect(await idsOf('another')).toEqual([])
})

it('does it once when the second comes while the first is under way', { timeout: 120_000 }, async () => {
  const { hooks, add } = await start()
  await add(hooks[0], 'warm', 'w0')
  await add(hooks[1], 'warm', 'w1')
  for (let round = 0; round < 3; round++) {
    await engine('stop', 'mariadb1')
    const asked = Array.from({ length: 6 }, (_, i) => add(hooks[i % 2]!, `under way ${round}`, `round-${round}`))
    await pause(300)
    await engine('cont', 'mariadb1')
    const answers = await Promise.all(asked)
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200))
    expect(await idsOf(`under way ${round}`)).toEqual([answers[0]!.body.result])
    expect(new Set(answers.map((answer) => answer.body.result)).size).toBe(1)
  }
})

it('is ready while all workers wait for the database, and serves them when it is back', { timeout: 120_000 }, async () => {
  const { hooks, add } = await start()
  await add(hooks[0], 'warm', 'w2')
  await engine('stop', 'mariadb1')
  const held = Array.from({ length: 4 * workers }, (_, i) => ask(`${hooks[0]}crm.lead.list?start=${i}`))
  await pause(500)
  let answered = 0
  for (const one of held) void one.then(() => answered++)
  const begin = performance.now()
  for (let i = 0; i < 5; i++) expect((await ask(`${portal!.directUrls[0]}/ready`)).status).toBe(200)
  expect(performance.now() - begin).toBeLessThan(1_000)
  expect(answered).toBe(0)
  await engine('cont', 'mariadb1')
  await until('all are served', async () => answered === held.length, 30_000)
  expect((await Promise.all(held)).map((answer) => answer.status)).toEqual(held.map(() => 200))
})

describe('a page of the portal', () => {
  /** Without the address that was asked, which the pages believe to be the portal's. */
  const told = (answer: Answer) => answer.text.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, '')
  /** What both processes answer to the same request, in turn; they must agree. */
  async function twice(method: string, path: string, body: unknown, id: string, session?: Session): Promise<Answer> {
    const ask1 = (url: string) => askPage(url, method, path, body, id, session)
    const [one, two] = portal!.directUrls as [string, string]
    const [first, again] = [await ask1(one), await ask1(two)]
    expect(again.status, again.text).toBe(first.status)
    expect(told(again)).toBe(told(first))
    expect(again.headers.getSetCookie()).toEqual(first.headers.getSetCookie())
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    return first
  }
  /** Sent to both processes at the same time, several times: one of them is first. */
  async function atOnce(method: string, path: string, body: unknown, id: string, session?: Session): Promise<Answer> {
    const urls = portal!.directUrls
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => askPage(urls[i % 2]!, method, path, body, id, session)))
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200))
    expect(new Set(answers.map((answer) => told(answer) + answer.headers.getSetCookie()[0])).size).toBe(1)
    return answers[0]!
  }
  const seed = () => randomBytes(20).toString('hex')
  const log = async (type: string) => {
    const sql = `SELECT COUNT(*) FROM ${portal!.schema}.event_log WHERE audit_type_id='${type}'`
    return Number((await engine('sql', 'mariadb1', sql)).split('\n').at(-1))
  }

  it('has one effect, whichever process is asked, and gives the same secrets again', { timeout: 120_000 }, async () => {
    portal = await Portal.start({ topology: 'mariadb', config: '[signup]\nenabled = true\n' })
    const token = new URL(portal.created.admin_login_link).pathname.split('/').at(-1)!
    const form = { name: 'Ada', lastName: 'Admin', password: 'correct horse battery', language: 'en', timeZone: 'Europe/Berlin', currency: 'EUR' }

    const accepted = await twice('POST', `/api/link/${token}`, form, 'page-link')
    expect(accepted.status, accepted.text).toBe(200)
    expect(await log('USER_AUTHORIZE')).toBe(1)
    const late = await askPage(portal.directUrls[1]!, 'POST', `/api/link/${token}`, form, 'page-link-2')
    expect(late.status).toBe(404)
    const session = await sessionOf(accepted)

    const hook = await twice('POST', '/api/webhooks', { title: 'Shop', scopes: ['crm'] }, 'page-hook', session)
    expect(hook.status, hook.text).toBe(200)
    expect(await call(hook.body.url, 'server.time')).toBeTruthy()
    const other = await askPage(portal.directUrls[1]!, 'POST', '/api/webhooks', { title: 'Other', scopes: ['crm'] }, 'page-hook', session)
    expect(other.status).toBe(422)
    const hooks = await askPage(portal.directUrls[0]!, 'GET', '/api/webhooks', undefined, 'page-hooks', session)
    expect(hooks.body.webhooks.filter((one: { title: string }) => one.title !== 'Administrator')).toHaveLength(1)
    expect((await twice('DELETE', `/api/webhooks/${hook.body.id}`, undefined, 'page-unhook', session)).status).toBe(200)

    const invited = await twice('POST', '/api/invite', { email: 'bob@example.org', name: 'Bob', departmentId: 1 }, 'page-invite', session)
    expect(invited.status, invited.text).toBe(200)
    expect(await log('USER_INVITE')).toBe(1)
    const invitation = invited.body.link.split('/').at(-1)
    expect((await askPage(portal.directUrls[1]!, 'GET', `/api/link/${invitation}`, undefined, 'page-invitation')).status).toBe(200)

    expect((await twice('POST', '/api/profile', { name: 'Adele' }, 'page-profile', session)).status).toBe(200)
    expect((await twice('POST', '/api/first-run/done', {}, 'page-first', session)).status).toBe(200)
    expect((await twice('POST', '/api/demo/purge', {}, 'page-purge', session)).status).toBe(200)

    const { client_id, client_secret } = portal.created.oauth
    const authorized = await twice('GET', `/oauth/authorize/?client_id=${client_id}&state=x`, undefined, 'page-authorize', session)
    expect(authorized.status, authorized.text).toBe(302)
    const code = new URL(authorized.headers.get('location')!).searchParams.get('code')!
    const grant = (type: string, secret: Record<string, string>) =>
      `/oauth/token/?${new URLSearchParams({ client_id, client_secret, grant_type: type, ...secret })}`
    const tokens = await twice('POST', grant('authorization_code', { code }), undefined, 'page-tokens')
    expect(tokens.status, tokens.text).toBe(200)
    const renewed = await twice('GET', grant('refresh_token', { refresh_token: tokens.body.refresh_token }), undefined, 'page-renew')
    expect(renewed.status, renewed.text).toBe(200)
    expect((await postJson(`${portal.http}/rest/profile`, { auth: renewed.body.access_token })).status).toBe(200)
    expect((await ask(portal.http + grant('authorization_code', { code }))).status).toBe(400)

    expect((await twice('POST', '/api/logout', {}, 'page-logout', session)).status).toBe(200)
    expect(await log('USER_LOGOUT')).toBe(1)

    const login = { email: 'admin@example.org', password: form.password, sessionSeed: seed() }
    login.email = (await engine('sql', 'mariadb1', `SELECT login FROM ${portal.schema}.logins WHERE account_id=1 AND user_id=1`)).split('\n').at(-1)!
    const entered = await twice('POST', '/api/login', login, 'page-login')
    expect(entered.status, entered.text).toBe(200)
    expect(await log('USER_AUTHORIZE')).toBe(2)
    expect((await sessionOf(entered)).csrf).toMatch(/^[0-9a-f]{64}$/)
    const guess = await askPage(portal.directUrls[1]!, 'POST', '/api/login', { ...login, password: 'a wrong one' }, 'page-login')
    expect(guess.status).toBe(401)

    const company = { ...form, company: 'Second', email: 'eve@example.org', sessionSeed: seed() }
    const signed = await twice('POST', '/api/signup', company, 'page-signup')
    expect(signed.status, signed.text).toBe(200)
    expect(await sessionOf(signed)).toBeTruthy()
    const accounts = `SELECT COUNT(*) FROM ${portal.schema}.accounts WHERE name='Second'`
    expect((await engine('sql', 'mariadb1', accounts)).split('\n').at(-1)).toBe('1')

    const stored = await engine('sql', 'mariadb1', `SELECT request_key, digest, CONVERT(answer USING utf8mb4) FROM ${portal.schema}.receipts; SELECT request_uri FROM ${portal.schema}.event_log`)
    for (const secret of [token, session.cookie, invitation, code, client_secret, tokens.body.access_token, renewed.body.refresh_token, login.sessionSeed, form.password])
      expect(stored.includes(secret), secret).toBe(false)
  })

  it('is done once when the process that had the request is killed', { timeout: 120_000 }, async () => {
    portal = await Portal.start({ topology: 'mariadb' })
    const form = { name: 'Eve', lastName: '', password: 'correct horse battery', language: 'en', timeZone: 'UTC', currency: 'EUR' }
    const token = new URL(portal.created.admin_login_link).pathname.split('/').at(-1)!
    const session = await sessionOf(await atOnce('POST', `/api/link/${token}`, form, 'kill-link'))
    const add = (url: string, title: string) => askPage(url, 'POST', '/api/webhooks', { title, scopes: ['crm'] }, `kill-${title}`, session)
    for (const url of portal.directUrls) expect((await add(url, new URL(url).port)).status).toBe(200)
    await engine('stop', 'mariadb1')
    const asked = Array.from({ length: 6 }, (_, i) => add(portal!.http, `hook${i}`))
    await pause(300)
    await portal.killOne(0)
    await pause(300)
    await engine('cont', 'mariadb1')
    const answers = await Promise.all(asked)
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200))
    expect(await log('WEBHOOK_ADD')).toBe(2 + asked.length)
    for (const answer of answers) expect(await call(answer.body.url, 'server.time')).toBeTruthy()
    await portal.serveOne(0)
  })

  it('has one effect when both processes are at it', { timeout: 120_000 }, async () => {
    portal = await Portal.start({ topology: 'mariadb', config: '[signup]\nenabled = true\n' })
    const form = { name: 'Eve', lastName: '', password: 'correct horse battery', language: 'en', timeZone: 'UTC', currency: 'EUR' }
    const token = new URL(portal.created.admin_login_link).pathname.split('/').at(-1)!
    const session = await sessionOf(await atOnce('POST', `/api/link/${token}`, form, 'once-link'))
    await atOnce('POST', '/api/webhooks', { title: 'Shop', scopes: ['crm'] }, 'once-hook', session)
    await atOnce('POST', '/api/invite', { email: 'bob@example.org', departmentId: 1 }, 'once-invite', session)
    expect(await log('WEBHOOK_ADD')).toBe(1)
    expect(await log('USER_INVITE')).toBe(1)
    await atOnce('POST', '/api/logout', {}, 'once-logout', session)
    await atOnce('POST', '/api/signup', { ...form, company: 'Third', email: 'eve@example.org', sessionSeed: seed() }, 'once-signup')
    const accounts = `SELECT COUNT(*) FROM ${portal.schema}.accounts WHERE name='Third'`
    expect((await engine('sql', 'mariadb1', accounts)).split('\n').at(-1)).toBe('1')
  })
})

interface Session {
  cookie: string
  csrf: string
}

async function sessionOf(answer: Answer): Promise<Session> {
  const pair = answer.headers.getSetCookie()[0]!.split(';')[0]!
  const session = await ask(`${portal!.directUrls[1]}/api/session`, { headers: { Cookie: pair } })
  expect(session.status, session.text).toBe(200)
  return { cookie: pair.split('=')[1]!, csrf: session.body.csrf }
}

function askPage(url: string, method: string, path: string, body: unknown, id: string, session?: Session): Promise<Answer> {
  const headers: Record<string, string> = { 'X-Request-ID': id }
  if (session) Object.assign(headers, { Cookie: `stoa_session=${session.cookie}`, 'X-Stoa-CSRF': session.csrf })
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  return ask(url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
}
