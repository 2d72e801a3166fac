// Where the push server is and which channels are ours: signed, and only for some hours.
import { quietly } from './quiet'

interface Answer {
  server: { server_enabled: boolean; websocket_enabled: boolean; websocket: string; websocket_secure: string }
  channels: { private: { id: string; end: string }; shared?: { id: string; end: string } }
  serverTime: string
}

export interface Channels {
  /** Nothing: there is no push server, or it takes no sockets. */
  address: string | null
  ids: string
  /** By the clock of this machine. */
  expiresAt: number
}

/** A config is renewed a little before its end. */
const marginMs = 60_000

export async function fetchChannels(): Promise<Channels> {
  const answer = await quietly<Answer>('pull.config.get')
  const { server, channels } = answer
  const clockShift = Date.now() - Date.parse(answer.serverTime)
  const ends = [channels.private, channels.shared].flatMap((channel) => (channel ? [Date.parse(channel.end)] : []))
  const configured = location.protocol === 'https:' ? server.websocket_secure : server.websocket
  return {
    address: server.server_enabled && server.websocket_enabled ? here(configured) : null,
    ids: [channels.private.id, channels.shared?.id].filter(Boolean).join('/'),
    expiresAt: Math.min(...ends) + clockShift - marginMs,
  }
}

/** The portal may be reached under another name than its own, and pages may only talk to where they came from. */
function here(address: string): string {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return `${scheme}://${location.host}${new URL(address).pathname}`
}

/** `position`: the last message that was heard; `tags`: "name,name@position", what is watched besides the channels. */
export function socketAddress(channels: Channels, position: string, tags: string): string {
  const query = new URLSearchParams({ CHANNEL_ID: channels.ids, jsonRpc: 'true', revision: '19' })
  if (position) query.set('mid', position)
  if (tags) query.set('tags', tags)
  return `${channels.address}?${query}`
}
