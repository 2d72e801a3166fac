// What goes over the socket: "ping" and JSON-RPC 2.0. https://github.com/bitrix24/b24jssdk
// packages/jssdk/src/pullClient

export interface PushMessage {
  mid: string
  body: { module_id: string; command: string; params: Record<string, unknown> }
  /** Set on what another client sent, not the server. */
  sender?: unknown
}

interface Frame {
  method?: string
  params?: PushMessage
  id?: unknown
  result?: unknown
}

export interface Heard {
  messages: PushMessage[]
  /** Of requests that were carried out. */
  done: number[]
}

/** What is in one text frame; what is nothing of ours is left out. */
export function readFrame(text: string): Heard {
  const heard: Heard = { messages: [], done: [] }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return heard
  }
  for (const frame of (Array.isArray(parsed) ? parsed : [parsed]) as (Frame | null)[]) {
    if (frame?.method === 'incoming.message' && frame.params?.body) heard.messages.push(frame.params)
    else if (typeof frame?.id === 'number' && frame.result !== undefined) heard.done.push(frame.id)
  }
  return heard
}

export const request = (id: number, method: string, params: object): string => JSON.stringify({ jsonrpc: '2.0', id, method, params })

/** Reasons for which a connection ends after which the channels must be asked for anew. */
export const channelsAreOver = (code: number): boolean => [3000, 3001, 3003, 4010].includes(code)
/** Ours: nothing was heard for too long. */
export const stuck = 3005
