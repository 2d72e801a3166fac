// A message as the conversation shows it, made from what REST and the push server say.
import type { ChatFile, MessageItem } from '@/api/chat'
import type { MessagePush } from '@/state/chat'
import type { Reacted } from './reactions'

export interface Message {
  /** Stays the same when a message that waits becomes one that was sent. */
  key: string
  /** 0: not sent yet. */
  id: number
  clientId: string
  /** 0: the portal itself. */
  authorId: number
  at: number
  text: string
  replyId: number
  files: number[]
  /** Who reacted, by kind. */
  reactions: Reacted
  edited: boolean
  deleted: boolean
  /** Carries something that only its application can show. */
  attach: boolean
  state: 'sent' | 'waiting' | 'failed'
}

/** A file of a message that still waits: shown from this device. */
export type ShownFile = Pick<ChatFile, 'id' | 'type' | 'name' | 'size' | 'urlPreview' | 'urlShow' | 'urlDownload'> & { image?: ChatFile['image'] }

const keyOf = (id: number, clientId: string): string => clientId || String(id)

export function fromItem(item: MessageItem): Message {
  const params: Exclude<MessageItem['params'], []> & { REACTIONS?: Reacted } = Array.isArray(item.params) ? {} : item.params
  return {
    key: keyOf(item.id, item.uuid ?? ''),
    id: item.id,
    clientId: item.uuid ?? '',
    authorId: item.author_id,
    at: Date.parse(item.date),
    text: item.text,
    replyId: Number(params.REPLY_ID ?? 0),
    files: params.FILE_ID ?? [],
    reactions: params.REACTIONS ?? {},
    edited: params.IS_EDITED === 'Y',
    deleted: params.IS_DELETED === 'Y',
    attach: params.ATTACH !== undefined,
    state: 'sent',
  }
}

export function fromPush({ message }: MessagePush): Message {
  return {
    key: keyOf(message.id, message.templateId),
    id: message.id,
    clientId: message.templateId,
    authorId: message.senderId,
    at: Date.parse(message.date),
    text: message.text,
    replyId: message.replyId,
    files: message.files,
    reactions: {},
    edited: false,
    deleted: false,
    attach: message.attach,
    state: 'sent',
  }
}
