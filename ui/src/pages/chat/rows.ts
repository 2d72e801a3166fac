// How messages stand one under the other: by day, and close together when one person writes several in a row.
import type { Message } from './message'

export type Row =
  | { kind: 'day'; key: string; day: string }
  | { kind: 'unread'; key: string }
  | { kind: 'message'; key: string; message: Message; first: boolean; last: boolean }

const togetherMs = 5 * 60_000

const belongs = (message: Message, former: Message | undefined): boolean =>
  former !== undefined && former.authorId === message.authorId && message.authorId !== 0 && message.at - former.at < togetherMs

/** The first row always names its day: it stays in view above what follows. `unreadAfter`: the line "new" stands behind this message; 0: nowhere. */
export function toRows(messages: Message[], before: Message | undefined, unreadAfter: number, mine: number, dayOf: (at: number) => string): Row[] {
  const rows: Row[] = []
  let former = before
  let lined = !unreadAfter || (before !== undefined && before.id > unreadAfter)
  let open: Extract<Row, { kind: 'message' }> | undefined
  for (const message of messages) {
    const day = dayOf(message.at)
    let first = !belongs(message, former)
    const newDay = !former || dayOf(former.at) !== day
    if (newDay || !rows.length) rows.push({ kind: 'day', key: `day-${day}`, day })
    if (newDay) first = true
    if (!lined && message.id > unreadAfter && message.authorId !== mine) {
      rows.push({ kind: 'unread', key: 'unread' })
      lined = true
      first = true
    }
    if (open && first) open.last = true
    open = { kind: 'message', key: message.key, message, first, last: false }
    rows.push(open)
    former = message
  }
  if (open) open.last = true
  return rows
}
