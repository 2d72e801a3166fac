// The REST wire: single calls, batches, and writes that survive a server that is away.
import { ApiError, newId, request } from './http'
import { connection } from '@/state/connection'

export type Params = Record<string, unknown>

export interface Envelope<T> {
  result: T
  next?: number
  total?: number
}

/** Calls a method that only reads. */
export async function call<T>(method: string, params: Params = {}, signal?: AbortSignal): Promise<Envelope<T>> {
  return (await request<Envelope<T>>(`/rest/${method}`, { method: 'POST', body: params, signal })).body
}

export const read = async <T>(method: string, params: Params = {}, signal?: AbortSignal): Promise<T> =>
  (await call<T>(method, params, signal)).result

interface BatchAnswer {
  result: Record<string, unknown> | unknown[]
  result_error: Record<string, { error: string; error_description: string }> | unknown[]
}

export type Command = [method: string, params?: Params]

/** Runs reads in one request. A command that fails is missing from the answer and told to `onError`. */
export async function batch<T extends Record<string, unknown>>(
  commands: Record<string, Command>,
  options: { signal?: AbortSignal; onError?: (key: string, error: ApiError) => void } = {},
): Promise<Partial<T>> {
  const cmd = Object.fromEntries(
    Object.entries(commands).map(([key, [method, params]]) => [key, `${method}?${toQuery(params ?? {})}`]),
  )
  const { body, requestId } = await request<{ result: BatchAnswer }>('/rest/batch', {
    method: 'POST',
    body: { halt: 0, cmd },
    signal: options.signal,
  })
  for (const [key, failure] of Object.entries(body.result.result_error ?? {}) as [string, { error: string; error_description: string }][]) {
    options.onError?.(key, new ApiError(400, failure.error, failure.error_description, requestId))
  }
  return body.result.result as Partial<T>
}

/** PHP-style query: a[b][0]=c. */
export function toQuery(params: Params): string {
  const parts: string[] = []
  const add = (key: string, value: unknown): void => {
    if (value === undefined) return
    if (value !== null && typeof value === 'object') {
      for (const [name, inner] of Object.entries(value)) add(`${key}[${name}]`, inner)
    } else {
      parts.push(`${encodeURIComponent(key)}=${encodeURIComponent(value === null ? '' : String(value))}`)
    }
  }
  for (const [key, value] of Object.entries(params)) add(key, value)
  return parts.join('&')
}

// Writes. Each carries its own idempotency key, so repeating one never does the thing twice, and they
// leave in the order in which the user made them. What still waits survives a reload of the tab.

interface PendingWrite {
  key: string
  method: string
  params: Params
}

const storageKey = 'stoa.writes'
let queue: PendingWrite[] = []
let last: Promise<unknown> = Promise.resolve()

function remember(): void {
  connection.pending = queue.length
  try {
    if (queue.length) sessionStorage.setItem(storageKey, JSON.stringify(queue))
    else sessionStorage.removeItem(storageKey)
  } catch {
    // A full or forbidden storage only costs the memory across a reload.
  }
}

async function deliver<T>(pending: PendingWrite): Promise<T> {
  try {
    const reply = await request<Envelope<T>>(`/rest/${pending.method}`, {
      method: 'POST',
      body: pending.params,
      headers: { 'Idempotency-Key': pending.key },
      attempts: Infinity,
    })
    return reply.body.result
  } finally {
    queue = queue.filter((other) => other !== pending)
    remember()
  }
}

/** Calls a method that changes something. Resolves when the server has it; rejects only when the server refuses it. */
export function write<T>(method: string, params: Params): Promise<T> {
  const pending: PendingWrite = { key: newId(), method, params }
  queue.push(pending)
  remember()
  const mine = last.then(() => deliver<T>(pending))
  last = mine.catch(() => undefined)
  return mine
}

/** Sends what a former page of this tab could not send. Call once, when signed in. */
export function replayWrites(): Promise<number> {
  let left: PendingWrite[] = []
  try {
    left = JSON.parse(sessionStorage.getItem(storageKey) ?? '[]') as PendingWrite[]
  } catch {
    left = []
  }
  const known = new Set(queue.map((pending) => pending.key))
  const fresh = left.filter((pending) => !known.has(pending.key))
  queue = [...fresh, ...queue]
  for (const pending of fresh) last = last.then(() => deliver(pending)).catch(() => undefined)
  return last.then(() => fresh.length)
}

/** A signed-out user's writes must not leave under the next one's name. */
export function forgetWrites(): void {
  queue = []
  remember()
}

addEventListener('beforeunload', (event) => {
  if (queue.length && connection.paused) event.preventDefault()
})
