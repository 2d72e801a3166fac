// Notifications (im.notify.*), in the shapes of the REST answers.
import { quietly } from '@/realtime/quiet'
import { read, write } from './rest'

/** 1 asks something, 2 is from somebody, 4 from the portal. */
export const notificationType = { question: 1, personal: 2, system: 4 } as const

export interface NotificationButton {
  TITLE: string
  VALUE: string
  TYPE?: string
}

export interface NotificationItem {
  id: number
  author_id: number
  date: string
  notify_type: number
  notify_tag: string
  notify_title: string
  text: string
  notify_read: 'Y' | 'N'
  /** A list of buttons as JSON. */
  notify_buttons?: string
  params: { LINK?: string; CAN_ANSWER?: 'Y'; GROUPED?: number } | null
}

export interface NotificationPage {
  total_unread_count?: number
  notifications: NotificationItem[]
  users: { id: number; name: string }[]
}

export const notificationPageSize = 50

/** Questions come first, then the rest; each from the newest on. */
export function fetchNotifications(last?: { id: number; type: number }): Promise<NotificationPage> {
  const after = last ? { LAST_ID: last.id, LAST_TYPE: last.type === notificationType.question ? 1 : 3 } : {}
  return read<NotificationPage>('im.notify.get', { LIMIT: notificationPageSize, ...after })
}
export const pollNotifications = () => quietly<NotificationPage>('im.notify.get', { LIMIT: notificationPageSize })

export const readNotification = (id: number, read: boolean) =>
  write<boolean>('im.notify.read', { ID: id, ACTION: read ? 'Y' : 'N', ONLY_CURRENT: 'Y' })
export const readAllNotifications = () => write<unknown>('im.notify.read.all', {})
export const deleteNotification = (id: number) => write<boolean>('im.notify.delete', { ID: id })

/** What came of an answer: a text for the user, or nothing. */
interface Reply {
  result_message: string[] | false
}
const replyText = (reply: Reply): string => (reply.result_message ? reply.result_message.join('\n') : '')

export const confirmNotification = async (id: number, value: string) =>
  replyText(await write<Reply>('im.notify.confirm', { NOTIFY_ID: id, NOTIFY_VALUE: value }))
export const answerNotification = async (id: number, text: string) =>
  replyText(await write<Reply>('im.notify.answer', { NOTIFY_ID: id, ANSWER_TEXT: text }))
