// Signed-in people: each a client and a browser of his own.
import type { Browser, Page } from 'playwright-core'
import { watch, type Watched } from './browser'
import { Client, type Stoa } from './stoa'

const password = 'correct horse battery'

export interface Person {
  id: number
  client: Client
  watched: Watched
  page: Page
}

/** Ada, to whom the portal's one-time link belongs. */
export const administrator = (stoa: Stoa): Promise<Client> => Client.fromLink(stoa, password)

/** Somebody whom the administrator invites. */
export async function employee(stoa: Stoa, admin: Client, name: string, lastName = 'New'): Promise<Client> {
  const email = `${name.toLowerCase()}@example.org`
  const { link } = await admin.send<{ link: string }>('/api/invite', { email, name, lastName, role: 'employee' })
  await fetch(`${stoa.url}/api/link/${new URL(link, stoa.url).pathname.split('/').at(-1)}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name, lastName, password, language: 'en', timeZone: 'Europe/Berlin' }),
  })
  return Client.login(stoa, email, password)
}

/** With a browser; `web` names the process that answers it, where a balancer stands before several. */
export async function person(browser: Browser, stoa: Stoa, client: Client, web?: string): Promise<Person> {
  const { user } = await client.send<{ user: { id: number } }>('/api/session', {}, 'GET')
  const watched = await watch(browser, stoa.url)
  await watched.context.addCookies([{ ...client.cookie, url: stoa.url }, ...(web ? [{ name: 'web', value: web, url: stoa.url }] : [])])
  return { id: user.id, client, watched, page: await watched.context.newPage() }
}
