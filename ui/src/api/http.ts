// One HTTP client for everything: CSRF, plain errors with a correlation id, patient retries.
import { connection, pause, resume } from '@/state/connection'

/** What went wrong, in the server's words, with the id an administrator can look up. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null = null,
    readonly field: string | null = null,
    /** The whole answer, for what it says besides the error. */
    readonly body: unknown = null,
  ) {
    super(message)
  }
}

/** The server has answered, and would answer the same again. */
export const refuses = (error: unknown): boolean =>
  error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429

export interface Reply<T> {
  body: T
  requestId: string | null
}

export interface RequestOptions {
  method?: string
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  /** How often a read is repeated before the error is shown. Writes that carry an idempotency key repeat without end. */
  attempts?: number
}

let csrf = ''
let onSignedOut: (() => void) | undefined

export function setCsrf(token: string): void {
  csrf = token
}

/** Called when the server says that the session is gone. */
export function onUnauthorized(handler: () => void): void {
  onSignedOut = handler
}

export const newId = (): string => crypto.randomUUID?.() ?? fallbackId()

// randomUUID exists only in secure contexts; a portal on a plain http address is still a portal.
function fallbackId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const isTransient = (status: number) => status === 0 || status === 429 || status === 502 || status === 503 || status === 504

/** Sends once. Network failure is status 0, so that callers know one kind of error only. */
async function send<T>(url: string, options: RequestOptions): Promise<Reply<T>> {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers }
  if (csrf) headers['X-Stoa-CSRF'] = csrf
  const init: RequestInit = { method: options.method ?? 'GET', headers, credentials: 'same-origin', signal: options.signal }
  if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json'
    init.body = JSON.stringify(options.body)
  }
  let response: Response
  try {
    response = await fetch(url, init)
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new ApiError(0, 'network', 'network')
  }
  const requestId = response.headers.get('X-Request-Id')
  const text = await response.text()
  let body: unknown = null
  try {
    body = text ? JSON.parse(text) : null
  } catch {
    if (response.ok) throw new ApiError(response.status, 'bad_answer', 'bad_answer', requestId)
  }
  const failure = readFailure(body)
  if (response.ok && !failure) return { body: body as T, requestId }
  const error = new ApiError(response.status, failure?.code ?? `http_${response.status}`, failure?.message ?? '', requestId, failure?.field, body)
  Object.assign(error, { retryAfter: Number(response.headers.get('Retry-After')) || 0 })
  throw error
}

/** Both dialects: {error:{code,message,field}} of /api and {error,error_description} of /rest. */
function readFailure(body: unknown): { code: string; message: string; field: string | null } | null {
  if (!body || typeof body !== 'object' || !('error' in body)) return null
  const error = (body as { error: unknown }).error
  if (error && typeof error === 'object') {
    const detail = error as { code?: string; message?: string; field?: string }
    return { code: detail.code ?? '', message: detail.message ?? '', field: detail.field ?? null }
  }
  const description = (body as { error_description?: string }).error_description
  return { code: String(error), message: description ?? String(error), field: null }
}

/** Sends, and repeats what failed for a passing reason; tells the connection state while it waits. */
export async function request<T>(url: string, options: RequestOptions = {}): Promise<Reply<T>> {
  const attempts = options.attempts ?? 4
  for (let attempt = 1; ; attempt++) {
    try {
      const reply = await send<T>(url, options)
      resume()
      return reply
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status === 401 && url !== '/api/login' && url !== '/api/session') onSignedOut?.()
      if (!isTransient(error.status)) resume()
      if (!isTransient(error.status) || attempt >= attempts) throw error
      await pause(attempt, (error as ApiError & { retryAfter?: number }).retryAfter ?? 0, options.signal)
    }
  }
}

export { connection }
