// Calls in the background: tried once, so that a failure shows no banner. Whoever calls tries again in his own time.
import { request } from '@/api/http'
import type { Envelope, Params } from '@/api/rest'

export async function quietly<T>(method: string, params: Params = {}): Promise<T> {
  return (await request<Envelope<T>>(`/rest/${method}`, { method: 'POST', body: params, attempts: 1 })).body.result
}
