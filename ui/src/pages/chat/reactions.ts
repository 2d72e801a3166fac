// Reactions to messages: each person has one. What the server calls them, and how they look.
import type { DialogId, MessagesPage } from '@/api/chat'
import { write } from '@/api/rest'
import { quietly } from '@/realtime/quiet'
import { i18n } from '@/i18n'

export const reactionKinds = ['like', 'kiss', 'laugh', 'wonder', 'cry', 'angry', 'facepalm'] as const
export type Reaction = (typeof reactionKinds)[number]

/** Who reacted, by kind. */
export type Reacted = Partial<Record<Reaction, number[]>>

export const reactionSign: Record<Reaction, string> = {
  like: '👍', kiss: '😘', laugh: '😂', wonder: '😮', cry: '😢', angry: '😠', facepalm: '🤦',
}
export const reactionName = (kind: Reaction): string => i18n.global.t(`chat.${kind}`)

export const reactionOf = (user: number, reacted: Reacted): Reaction | undefined => reactionKinds.find((kind) => reacted[kind]?.includes(user))

/** As it is when the user reacts so, or takes his reaction back. */
export function withReaction(reacted: Reacted, user: number, kind: Reaction | undefined): Reacted {
  const after: Reacted = {}
  for (const one of reactionKinds) {
    const users = (reacted[one] ?? []).filter((other) => other !== user)
    if (one === kind) users.push(user)
    if (users.length) after[one] = users
  }
  return after
}

export const sendReaction = (message: number, kind: Reaction, on: boolean) =>
  write<unknown>('im.message.like', { MESSAGE_ID: message, ACTION: on ? 'plus' : 'minus', REACTION: kind })

/** A page with this message alone. */
export const fetchOne = (dialogId: DialogId, id: number) =>
  quietly<MessagesPage>('im.dialog.messages.get', { DIALOG_ID: dialogId, FIRST_ID: id - 1, LIMIT: 1 })
