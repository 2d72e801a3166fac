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
}

/** The messages of one text frame; what is none of them is left out. */
export function readFrame(text: string): PushMessage[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return []
  }
  const frames = (Array.isArray(parsed) ? parsed : [parsed]) as Frame[]
  return frames.flatMap((frame) => (frame?.method === 'incoming.message' && frame.params?.body ? [frame.params] : []))
}

export const request = (id: number, method: string, params: object): string => JSON.stringify({ jsonrpc: '2.0', id, method, params })

/** Reasons for which a connection ends after which the channels must be asked for anew. */
export const channelsAreOver = (code: number): boolean => [3000, 3001, 3003, 4010].includes(code)
/** Ours: nothing was heard for too long. */
export const stuck = 3005
