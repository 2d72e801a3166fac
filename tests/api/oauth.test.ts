// OAuth 2.0 of local applications, as an application's server and its user's browser go through it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, Portal, postJson } from '../support/portal'
import { authorize, signIn, token } from './support'

let portal: Portal
let cookie = ''
beforeAll(async () => {
  portal = await Portal.start({ create: ['--oauth-redirect', 'https://app.example/callback'] })
  cookie = (await signIn(portal)).cookie
})
afterAll(() => portal.stop())

const newCode = async () => (await authorize(portal, cookie)).searchParams.get('code')!

describe('authorisation', () => {
  it('sends the browser to the address of the settings, never of the request', async () => {
    const { client_id } = portal.created.oauth
    const answer = await ask(`${portal.http}/oauth/authorize/?client_id=${client_id}&state=s%26t&redirect_uri=https://evil.example/`, { headers: { Cookie: cookie } })
    const target = new URL(answer.headers.get('location')!)
    expect(target.origin + target.pathname).toBe('https://app.example/callback')
    expect(target.searchParams.get('state')).toBe('s&t')
    expect(target.searchParams.get('code')).toMatch(/^[a-zA-Z0-9]+$/)
    expect(target.searchParams.get('member_id')).toMatch(/^[0-9a-f]{32}$/)
    expect(target.searchParams.get('domain')).toContain('127.0.0.1')
  })

  it('asks a stranger to log in, and knows no unknown application', async () => {
    const { client_id } = portal.created.oauth
    const stranger = await ask(`${portal.http}/oauth/authorize/?client_id=${client_id}`)
    expect(stranger.status).toBe(302)
    expect(stranger.headers.get('location')).toMatch(/^\/login\?next=/)
    expect((await ask(`${portal.http}/oauth/authorize/?client_id=nobody`, { headers: { Cookie: cookie } })).status).toBe(404)
  })
})

describe('tokens', () => {
  it.each(['GET', 'POST'] as const)('are exchanged by %s and work on REST', async (how) => {
    const answer = await token(portal, { grant_type: 'authorization_code', code: await newCode() }, how)
    expect(answer.status, answer.text).toBe(200)
    expect(answer.body).toMatchObject({ expires_in: 3600, user_id: 1, member_id: expect.stringMatching(/^[0-9a-f]{32}$/) })
    expect(answer.body.client_endpoint).toMatch(/\/rest\/$/)
    const profile = await postJson(`${portal.http}/rest/profile`, { auth: answer.body.access_token })
    expect(profile.body.result).toMatchObject({ ID: '1', ADMIN: true })
    const bearer = await ask(`${portal.http}/rest/profile`, { headers: { Authorization: `Bearer ${answer.body.access_token}` } })
    expect(bearer.status).toBe(200)
    expect((await ask(`${portal.http}/rest/app.info?auth=${answer.body.access_token}`)).status).toBe(200)
  })

  it('take a code once only', async () => {
    const code = await newCode()
    expect((await token(portal, { grant_type: 'authorization_code', code })).status).toBe(200)
    const again = await token(portal, { grant_type: 'authorization_code', code })
    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant'])
  })

  it('are renewed with a refresh token that changes each time', async () => {
    const first = await token(portal, { grant_type: 'authorization_code', code: await newCode() })
    const second = await token(portal, { grant_type: 'refresh_token', refresh_token: first.body.refresh_token })
    expect(second.status, second.text).toBe(200)
    expect(second.body.access_token).not.toBe(first.body.access_token)
    expect(second.body.refresh_token).not.toBe(first.body.refresh_token)
    const reused = await token(portal, { grant_type: 'refresh_token', refresh_token: first.body.refresh_token })
    expect(reused.body.error).toBe('invalid_grant')
    expect((await postJson(`${portal.http}/rest/server.time`, { auth: second.body.access_token })).status).toBe(200)
  })

  it('need the right client', async () => {
    const wrong = await token(portal, { grant_type: 'authorization_code', code: await newCode(), client_secret: 'x' })
    expect(wrong.body.error).toMatch(/invalid_client|WRONG_CLIENT/)
    expect(wrong.body.access_token).toBeUndefined()
    expect((await token(portal, { grant_type: 'password' })).body.error).toMatch(/invalid_request|unsupported_grant_type/)
  })
})
