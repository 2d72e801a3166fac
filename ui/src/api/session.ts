// Everything under /api: session, one-time links, profile, invitations, webhooks.
import { request } from './http'

export type Language = 'en' | 'de' | 'ru'

export interface User {
  id: number
  name: string
  lastName: string
  email: string
  isAdmin: boolean
  language: string
  timeZone: string
}

export interface Account {
  id: number
  name: string
  currency: string
  timeZone: string
  demo: boolean
  selfSignup: boolean
}

export interface Session {
  user: User
  account: Account
  csrf: string
  firstRun: boolean
  version: string
}

export interface OneTimeLink {
  kind: 'admin' | 'invite'
  email: string
  name: string
  lastName?: string
  company?: string
}

export interface LinkForm {
  name: string
  lastName: string
  password: string
  language: string
  timeZone: string
  currency?: string
}

export interface SignUpForm extends LinkForm {
  company: string
  email: string
}

export interface Invitation {
  email: string
  name: string
  lastName: string
  departmentId?: number
  role: 'employee' | 'admin' | 'extranet'
}

export interface Webhook {
  id: number
  title: string
  scopes: string[]
  createdAt: string
  lastUsedAt: string | null
}

const post = async <T>(url: string, body: unknown = {}): Promise<T> =>
  (await request<T>(url, { method: 'POST', body })).body

/** What the new session follows from, so that a request which the balancer sends again opens the same one. */
const sessionSeed = () => Array.from(crypto.getRandomValues(new Uint8Array(20)), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Without a session: an error of status 401, whose body says in `selfSignup` whether guests may sign up. */
export const fetchSession = async (): Promise<Session> => (await request<Session>('/api/session')).body
/** One e-mail may belong to several portals; then the answer lists them and the next try names one. */
export const login = (email: string, password: string, accountId?: number) =>
  post<{ accounts?: { id: number; name: string; url: string }[] }>('/api/login', { email, password, accountId, sessionSeed: sessionSeed() })
export const logout = () => post<unknown>('/api/logout')
export const fetchLink = async (token: string): Promise<OneTimeLink> =>
  (await request<OneTimeLink>(`/api/link/${encodeURIComponent(token)}`)).body
export const consumeLink = (token: string, form: LinkForm) =>
  post<unknown>(`/api/link/${encodeURIComponent(token)}`, { ...form, sessionSeed: sessionSeed() })
/** Sent once: a repeat of ours has another request id and could make a second portal. */
export const signUp = (form: SignUpForm) =>
  request('/api/signup', { method: 'POST', body: { ...form, sessionSeed: sessionSeed() }, attempts: 1 })
export const finishFirstRun = () => post<unknown>('/api/first-run/done')
export const purgeDemo = () => post<unknown>('/api/demo/purge')
export const saveProfile = (profile: Partial<Pick<User, 'language' | 'timeZone' | 'name' | 'lastName'>>) =>
  post<unknown>('/api/profile', profile)
export const invite = (invitation: Invitation) => post<{ link: string }>('/api/invite', invitation)
export const fetchWebhooks = async (): Promise<Webhook[]> =>
  (await request<{ webhooks: Webhook[] }>('/api/webhooks')).body.webhooks
export const createWebhook = (title: string, scopes: string[]) =>
  post<{ id: number; url: string }>('/api/webhooks', { title, scopes })
export const deleteWebhook = async (id: number): Promise<void> => {
  await request(`/api/webhooks/${id}`, { method: 'DELETE' })
}
export const fetchScopes = async (): Promise<string[]> => (await request<{ scopes: string[] }>('/api/scopes')).body.scopes
