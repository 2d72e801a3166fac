// Chats and messages (REST scope im), in the shapes of the REST answers.
import { quietly } from '@/realtime/quiet'
import { batch, read, write, type Params } from './rest'

/** "17" is the private chat with user 17, "chat5" a chat. */
export type DialogId = string

export interface ChatUser {
  id: number
  name: string
  work_position?: string
  avatar?: string
  active?: boolean
}

/** Maps made by PHP are lists when they are empty. */
type PhpMap<T> = Record<string, T> | T[]
type PhpParams<T> = T | []

export interface RecentItem {
  id: number | string
  chat_id: number
  type: 'user' | 'chat'
  avatar: { url: string; color: string }
  title: string
  message: { id: number; text: string; file: boolean | object; author_id: number; date: string; attach: boolean; uuid?: string | null }
  counter: number
  last_id: number
  pinned: boolean
  /** Marked as unread by hand. */
  unread: boolean
  date_update?: string
  chat?: { mute_list?: PhpMap<boolean>; owner?: number }
  user?: ChatUser
}

export interface DialogInfo {
  id: number
  name: string
  description: string | null
  owner: number
  avatar: string
  type: string
  message_type: string
  role: string
  counter: number
  user_counter: number
  last_message_id: number
  last_id: number
  unread_id: number
  mute_list: PhpMap<boolean> | number[]
  restrictions?: Partial<Record<'rename' | 'extend' | 'mute' | 'leave' | 'leave_owner' | 'send' | 'user_list', boolean>>
  readed_list?: { user_id: number; user_name: string; message_id: number; date: string | null }[]
  manager_list?: number[]
  text_field_enabled?: boolean
}

export interface MessageItem {
  id: number
  chat_id: number
  author_id: number
  date: string
  text: string
  unread: boolean
  uuid: string | null
  params: PhpParams<{
    LIKE?: number[]
    REACTIONS?: Record<string, number[]>
    CODE?: string[]
    IS_EDITED?: 'Y'
    IS_DELETED?: 'Y'
    REPLY_ID?: number
    FILE_ID?: number[]
    ATTACH?: unknown
  }>
}

export interface ChatFile {
  id: number
  type: 'image' | 'video' | 'audio' | 'file'
  name: string
  size: number
  image?: { width: number; height: number } | false
  urlPreview: string
  urlShow: string
  urlDownload: string
}

export interface MessagesPage {
  chat_id: number
  messages: MessageItem[]
  users: ChatUser[]
  files: ChatFile[]
  /** What messages of the page answer and is not on the page itself. */
  additionalMessages?: MessageItem[]
}

export interface Counters {
  TYPE: { ALL: number; NOTIFY: number; MESSENGER: number }
  CHAT: PhpMap<number>
  CHAT_MUTED: PhpMap<number>
  CHAT_UNREAD: number[]
  DIALOG: PhpMap<number>
  DIALOG_UNREAD: number[]
}

export interface FoundChat {
  id: number
  name: string
  type: string
  avatar: string
  user_counter: number
}

export const recentPageSize = 50
export const messagePageSize = 50

/** A PHP-made map as pairs; an empty one is a list. */
export const phpEntries = <T>(map: PhpMap<T> | undefined): [string, T][] => (map && !Array.isArray(map) ? Object.entries(map) : [])
/** The users in {"17": true}, or in [17]. */
export const phpIds = (map: PhpMap<boolean> | number[] | undefined): number[] =>
  Array.isArray(map) ? map.map(Number) : phpEntries(map).flatMap(([id, set]) => (set ? [Number(id)] : []))

interface RecentPage {
  items: RecentItem[]
  hasMore?: boolean
}

export const fetchRecent = (offset = 0): Promise<RecentPage> =>
  read<RecentPage>('im.recent.list', { SKIP_OPENLINES: 'Y', OFFSET: offset, LIMIT: recentPageSize })
export const pollRecent = (): Promise<RecentPage> =>
  quietly<RecentPage>('im.recent.list', { SKIP_OPENLINES: 'Y', OFFSET: 0, LIMIT: recentPageSize })
export const pollCounters = (): Promise<Counters> => quietly<Counters>('im.counters.get')

/** The chat and its newest messages in one request. */
export async function openDialog(dialogId: DialogId, signal?: AbortSignal): Promise<{ info: DialogInfo; page: MessagesPage }> {
  let failure: unknown
  const answer = await batch<{ info: DialogInfo; page: MessagesPage }>(
    {
      info: ['im.dialog.get', { DIALOG_ID: dialogId }],
      page: ['im.dialog.messages.get', { DIALOG_ID: dialogId, LIMIT: messagePageSize }],
    },
    { signal, onError: (_, error) => (failure ??= error) },
  )
  if (!answer.info || !answer.page) throw failure
  return { info: answer.info, page: answer.page }
}
export const fetchDialog = (dialogId: DialogId) => quietly<DialogInfo>('im.dialog.get', { DIALOG_ID: dialogId })
export const fetchOlder = (dialogId: DialogId, before: number, signal?: AbortSignal) =>
  read<MessagesPage>('im.dialog.messages.get', { DIALOG_ID: dialogId, LAST_ID: before, LIMIT: messagePageSize }, signal)
export const fetchNewer = (dialogId: DialogId, after: number) =>
  quietly<MessagesPage>('im.dialog.messages.get', { DIALOG_ID: dialogId, FIRST_ID: after, LIMIT: messagePageSize })
export const fetchNewest = (dialogId: DialogId) =>
  quietly<MessagesPage>('im.dialog.messages.get', { DIALOG_ID: dialogId, LIMIT: messagePageSize })

/** The same client id gives the same message, however often it is sent. */
export const addMessage = (dialogId: DialogId, message: { text: string; clientId: string; replyId: number; files: number[] }) =>
  write<number>('im.message.add', {
    DIALOG_ID: dialogId,
    MESSAGE: message.text,
    TEMPLATE_ID: message.clientId,
    ...(message.replyId ? { REPLY_ID: message.replyId } : {}),
    ...(message.files.length ? { FILES: message.files } : {}),
  })
export const updateMessage = (id: number, text: string) => write<unknown>('im.message.update', { MESSAGE_ID: id, MESSAGE: text })
export const deleteMessage = (id: number) => write<unknown>('im.message.delete', { MESSAGE_ID: id })

/** How far somebody has read is worth no patience: the next message tells it again. */
export const readDialog = (dialogId: DialogId, messageId: number) =>
  quietly<{ lastId: number; counter: number } | false>('im.dialog.read', { DIALOG_ID: dialogId, MESSAGE_ID: messageId })
export const tellWriting = (dialogId: DialogId) => quietly<unknown>('im.dialog.writing', { DIALOG_ID: dialogId })

export const pinDialog = (dialogId: DialogId, pin: boolean) => write<unknown>('im.recent.pin', { DIALOG_ID: dialogId, PIN: pin ? 'Y' : 'N' })
export const muteDialog = (dialogId: DialogId, mute: boolean) => write<unknown>('im.chat.mute', { DIALOG_ID: dialogId, MUTE: mute ? 'Y' : 'N' })
export const hideDialog = (dialogId: DialogId) => write<unknown>('im.recent.hide', { DIALOG_ID: dialogId })

export const addChat = (title: string, users: number[]) =>
  write<number>('im.chat.add', { TYPE: 'CHAT', USERS: users, ...(title ? { TITLE: title } : {}) })
export const renameChat = (chatId: number, title: string) => write<unknown>('im.chat.updateTitle', { CHAT_ID: chatId, TITLE: title })
export const addMembers = (chatId: number, users: number[]) =>
  write<unknown>('im.chat.user.add', { CHAT_ID: chatId, USERS: users, HIDE_HISTORY: 'N' })
export const removeMember = (chatId: number, userId: number) => write<unknown>('im.chat.user.delete', { CHAT_ID: chatId, USER_ID: userId })
export const leaveChat = (chatId: number) => write<unknown>('im.chat.leave', { CHAT_ID: chatId })

const memberPageSize = 200

/** Everybody in the chat. */
export async function fetchMembers(dialogId: DialogId): Promise<ChatUser[]> {
  const members: ChatUser[] = []
  for (;;) {
    const page = await read<ChatUser[]>('im.dialog.users.list', { DIALOG_ID: dialogId, LIMIT: memberPageSize, LAST_ID: members.at(-1)?.id ?? 0 })
    members.push(...page)
    if (page.length < memberPageSize) return members
  }
}

export interface Found {
  people: ChatUser[]
  chats: FoundChat[]
}

/** People and chats by name. */
export async function searchChats(text: string, signal?: AbortSignal): Promise<Found> {
  const params: Params = { FIND: text, LIMIT: 20 }
  const found = await batch<{ people: PhpMap<ChatUser>; chats: FoundChat[] }>(
    { people: ['im.search.user.list', params], chats: ['im.search.chat.list', params] },
    { signal },
  )
  return { people: phpEntries(found.people).map(([, user]) => user), chats: found.chats ?? [] }
}

interface Storage {
  ID: string
}

/** The user's own drive, into which what he sends is put first. */
export async function fetchOwnStorage(userId: number): Promise<number> {
  const storages = await read<Storage[]>('disk.storage.getlist', { filter: { ENTITY_TYPE: 'user', ENTITY_ID: String(userId) } })
  if (!storages[0]) throw new Error('no storage')
  return Number(storages[0].ID)
}
