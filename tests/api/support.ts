// What the OAuth and event tests share: a signed-in administrator, application tokens, and a receiver of events.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { ask, Portal, until } from '../support/portal'

/** Uses the one-time admin link up; the session cookie. */
export async function signIn(portal: Portal): Promise<{ cookie: string; csrf: string }> {
  const token = new URL(portal.created.admin_login_link).pathname.split('/').at(-1)
  const answer = await ask(`${portal.http}/api/link/${token}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'Ada', lastName: 'Admin', password: 'correct horse battery', language: 'en', timeZone: 'Europe/Berlin', currency: 'EUR' }),
  })
  if (answer.status !== 200) throw new Error(`sign-in: ${answer.status} ${answer.text}`)
  const cookie = answer.headers.getSetCookie()[0]!.split(';')[0]!
  const session = await ask(`${portal.http}/api/session`, { headers: { Cookie: cookie } })
  return { cookie, csrf: session.body.csrf }
}

/** A code for the portal's first application, as the browser would bring it to the application. */
export async function authorize(portal: Portal, cookie: string, state = 'xyz'): Promise<URL> {
  const { client_id } = portal.created.oauth
  const answer = await ask(`${portal.http}/oauth/authorize/?client_id=${client_id}&state=${state}`, { headers: { Cookie: cookie } })
  if (answer.status !== 302) throw new Error(`authorize: ${answer.status} ${answer.text}`)
  return new URL(answer.headers.get('location')!)
}

export function token(portal: Portal, parameters: Record<string, string>, how: 'GET' | 'POST' = 'POST') {
  const { client_id, client_secret } = portal.created.oauth
  const all = new URLSearchParams({ client_id, client_secret, ...parameters })
  const url = `${portal.http}/oauth/token/`
  return how === 'GET' ? ask(`${url}?${all}`) : ask(url, { method: 'POST', body: all })
}

export async function accessToken(portal: Portal): Promise<string> {
  const { cookie } = await signIn(portal)
  const code = (await authorize(portal, cookie)).searchParams.get('code')!
  const answer = await token(portal, { grant_type: 'authorization_code', code })
  if (answer.status !== 200) throw new Error(`token: ${answer.status} ${answer.text}`)
  return answer.body.access_token
}

export interface Delivery {
  headers: IncomingHttpHeaders
  body: string
  form: URLSearchParams
}

/** Receives event calls; answers with the status it is told to. */
export class Receiver {
  readonly deliveries: Delivery[] = []
  status = 200
  private constructor(private readonly server: Server, readonly url: string) {}

  static async start(): Promise<Receiver> {
    let receiver: Receiver | undefined
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString()
        receiver!.deliveries.push({ headers: request.headers, body, form: new URLSearchParams(body) })
        response.statusCode = receiver!.status
        response.end()
      })
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    if (!address || typeof address === 'string') throw new Error('no port')
    receiver = new Receiver(server, `http://127.0.0.1:${address.port}/handler`)
    return receiver
  }

  take(what: string, found: (delivery: Delivery) => boolean, limitMs = 15_000): Promise<Delivery> {
    return until(what, async () => this.deliveries.find(found), limitMs)
  }

  stop(): Promise<void> {
    this.server.closeAllConnections()
    return new Promise((done) => this.server.close(() => done()))
  }
}
