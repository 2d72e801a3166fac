// A portal with demo data and the interface, and a signed-in client without a browser.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Portal, uiFolder, until, type Options } from '../support/portal'

export { until }

export interface Stoa {
  url: string
  /** Token of the administrator's one-time link. */
  token: string
  portal: Portal
  stop: () => Promise<void>
}

/** With demo data, unless it is told otherwise. */
export async function startStoa({ demo = true, ...options }: { demo?: boolean } & Options = {}): Promise<Stoa> {
  if (!existsSync(join(uiFolder, 'index.html'))) throw new Error(`no interface at ${uiFolder}: run npm run build in ui`)
  const portal = await Portal.start({ create: demo ? ['--demo'] : [], serve: ['--ui', uiFolder], browser: true, ...options })
  const token = new URL(portal.created.admin_login_link).pathname.split('/').at(-1)!
  return { url: portal.http, token, portal, stop: () => portal.stop() }
}

/** A signed-in client without a browser, to prepare data and to look at what the server holds. */
export class Client {
  private constructor(
    private readonly url: string,
    readonly cookie: { name: string; value: string },
    private readonly csrf: string,
  ) {}

  static async fromLink(stoa: Stoa, password: string): Promise<Client> {
    const answer = await fetch(`${stoa.url}/api/link/${stoa.token}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'Ada', lastName: 'Admin', password, language: 'en', timeZone: 'Europe/Berlin', currency: 'EUR' }),
    })
    return Client.fromAnswer(stoa, answer)
  }

  static async login(stoa: Stoa, email: string, password: string): Promise<Client> {
    const answer = await fetch(`${stoa.url}/api/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email, password }),
    })
    return Client.fromAnswer(stoa, answer)
  }

  private static async fromAnswer(stoa: Stoa, answer: Response): Promise<Client> {
    if (!answer.ok) throw new Error(`sign-in failed: ${answer.status} ${await answer.text()}`)
    const [name = '', value = ''] = (answer.headers.getSetCookie()[0] ?? '').split(';')[0]!.split(/=(.*)/s)
    const session = await fetch(`${stoa.url}/api/session`, { headers: { Cookie: `${name}=${value}` } })
    const { csrf } = (await session.json()) as { csrf: string }
    return new Client(stoa.url, { name, value }, csrf)
  }

  async send<T>(path: string, body: unknown = {}, method = 'POST'): Promise<T> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', Cookie: `${this.cookie.name}=${this.cookie.value}`, 'X-Stoa-CSRF': this.csrf },
      body: method === 'GET' ? undefined : JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
    return (text ? JSON.parse(text) : null) as T
  }

  async rest<T>(name: string, params: unknown = {}): Promise<T> {
    return (await this.send<{ result: T }>(`/rest/${name}`, params)).result
  }
}
