// The list of chats with what is unread in each: read once, then kept up by messages of the push server; without them,
// asked for every few seconds.
import { computed, reactive, ref } from 'vue'
import {
  fetchRecent, hideDialog, muteDialog, phpEntries, phpIds, pinDialog, pollCounters, pollRecent, readDialog, recentPageSize,
  type Counters, type DialogId, type DialogInfo, type RecentItem,
} from '@/api/chat'
import { on, onReload, pollWhileNotLive } from '@/realtime'
import { personName } from './people'
import { me } from './session'

export interface Chat {
  dialogId: DialogId
  chatId: number
  /** 0: a group. */
  peerId: number
  title: string
  avatar: string
  last: { id: number; text: string; authorId: number; at: number; hasFile: boolean }
  counter: number
  /** Marked as unread by hand. */
  marked: boolean
  muted: boolean
  pinned: boolean
  lastReadId: number
}

/** What the push server says of a new message. */
export interface MessagePush {
  chatId: number
  dialogId: DialogId
  title: string
  muted: boolean
  /** false: raises no counter. */
  notify: boolean
  message: {
    id: number
    prevId: number
    senderId: number
    templateId: string
    replyId: number
    date: string
    text: string
    textCut: boolean
    files: number[]
    attach: boolean
    code: string
  }
  users: Record<string, { id: number; name: string }>
}

export interface ChangePush {
  chatId: number
  dialogId: DialogId
  id: number
  text: string
  textCut: boolean
  isEdited: boolean
}

interface CounterPush {
  dialogId: DialogId
  lastId?: number
  counter: number
  unread?: boolean
}

const pollMs = 5_000

const chats = reactive(new Map<DialogId, Chat>())
/** Unread messages of chats that are not in the loaded part of the list. */
const beyond = reactive(new Map<DialogId, number>())
export const chatsLoaded = ref(false)
export const hasMoreChats = ref(false)
let offset = 0

// People who are not in the directory, such as guests of the company or those who left.
const names = reactive(new Map<number, string>())
export const chatPersonName = (id: number): string => personName(id) || names.get(id) || ''
export function learnNames(users: Iterable<{ id: number; name: string }>): void {
  for (const user of users) if (user.id && user.name) names.set(user.id, user.name)
}

export const isGroup = (dialogId: DialogId): boolean => dialogId.startsWith('chat')
export const chatOf = (dialogId: DialogId): Chat | undefined => chats.get(dialogId)
export const chatTitle = (chat: Chat): string => (chat.peerId && chatPersonName(chat.peerId)) || chat.title

export const sortedChats = computed(() =>
  [...chats.values()].sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.last.at - a.last.at || b.chatId - a.chatId),
)

/** Muted chats do not call for attention. */
export const unreadMessages = computed(() => {
  let sum = 0
  for (const chat of chats.values()) if (!chat.muted) sum += chat.counter || Number(chat.marked)
  for (const count of beyond.values()) sum += count
  return sum
})

function fromItem(item: RecentItem): Chat {
  const dialogId = String(item.id)
  const mine = me.value?.id ?? 0
  if (item.user) learnNames([item.user])
  return {
    dialogId,
    chatId: item.chat_id,
    peerId: item.type === 'user' ? Number(item.id) : 0,
    title: item.title,
    avatar: item.avatar?.url ?? '',
    last: {
      id: item.message?.id ?? 0,
      text: item.message?.text ?? '',
      authorId: item.message?.author_id ?? 0,
      at: Date.parse(item.message?.date || item.date_update || '') || 0,
      hasFile: Boolean(item.message?.file) || Boolean(item.message?.attach),
    },
    counter: item.counter,
    marked: item.unread,
    muted: phpIds(item.chat?.mute_list).includes(mine),
    pinned: item.pinned,
    lastReadId: item.last_id,
  }
}

function take(items: RecentItem[]): void {
  for (const item of items) {
    const fresh = fromItem(item)
    beyond.delete(fresh.dialogId)
    // Read here, but the server has not been told yet.
    if ((reading.get(fresh.dialogId) ?? 0) >= fresh.last.id) Object.assign(fresh, { counter: 0, marked: false })
    const known = chats.get(fresh.dialogId)
    if (known) Object.assign(known, fresh)
    else chats.set(fresh.dialogId, fresh)
  }
}

function takeCounters(counters: Counters): void {
  beyond.clear()
  const rest = [
    ...phpEntries(counters.CHAT).map(([id, count]) => [`chat${id}`, count] as const),
    ...phpEntries(counters.DIALOG).map(([id, count]) => [id, count] as const),
  ]
  for (const [dialogId, count] of rest) if (!chats.has(dialogId)) beyond.set(dialogId, count)
}

let loading: Promise<void> | undefined

/** The first page and the counters; whatever was loaded further down stays. */
export function loadChats(): Promise<void> {
  loading ??= fetchRecent()
    .then(async ({ items, hasMore }) => {
      if (!chatsLoaded.value) {
        offset = recentPageSize
        hasMoreChats.value = hasMore ?? false
      }
      take(items)
      chatsLoaded.value = true
      takeCounters(await pollCounters())
    })
    .finally(() => (loading = undefined))
  return loading
}

export async function loadMoreChats(): Promise<void> {
  const { items, hasMore } = await fetchRecent(offset)
  offset += recentPageSize
  hasMoreChats.value = hasMore ?? false
  take(items)
}

async function poll(): Promise<void> {
  take((await pollRecent()).items)
  takeCounters(await pollCounters())
}

/** What is under way may have been asked for before the news came: it does not count. */
const refresh = () => void (loading ?? Promise.resolve()).catch(() => undefined).then(() => loadChats().catch(() => undefined))
let refreshTimer: ReturnType<typeof setTimeout> | undefined
/** Several reasons within a moment cost one request. */
function refreshSoon(): void {
  clearTimeout(refreshTimer)
  refreshTimer = setTimeout(refresh, 150)
}

/** A chat that is opened without being in the list, such as the first one with a person. */
export function noteDialog(dialogId: DialogId, info: DialogInfo): void {
  const known = chats.get(dialogId)
  if (!known) return
  known.counter = info.counter
  known.lastReadId = info.last_id
  known.title = info.name || known.title
}

/** What the user just wrote is in the list before the server has it. */
export function noteOwnMessage(dialogId: DialogId, text: string, hasFile: boolean, title: string): void {
  const last = { id: 0, text, authorId: me.value?.id ?? 0, at: Date.now(), hasFile }
  const known = chats.get(dialogId)
  if (known) known.last = { ...last, id: known.last.id }
  else {
    chats.set(dialogId, {
      dialogId, chatId: 0, peerId: isGroup(dialogId) ? 0 : Number(dialogId), title, avatar: '', last, counter: 0, marked: false,
      muted: false, pinned: false, lastReadId: 0,
    })
  }
}

// How far the user has read, told at most every half second.
const readTimers = new Map<DialogId, ReturnType<typeof setTimeout>>()
/** The last message read, until the server knows. */
const reading = new Map<DialogId, number>()
const readMs = 500

export function markRead(dialogId: DialogId, messageId: number): void {
  const chat = chats.get(dialogId)
  beyond.delete(dialogId)
  if (chat) {
    if (chat.counter === 0 && !chat.marked && chat.lastReadId >= messageId) return
    chat.counter = 0
    chat.marked = false
    chat.lastReadId = Math.max(chat.lastReadId, messageId)
  }
  reading.set(dialogId, messageId)
  clearTimeout(readTimers.get(dialogId))
  readTimers.set(dialogId, setTimeout(() => void tellRead(dialogId, messageId), readMs))
}

async function tellRead(dialogId: DialogId, messageId: number): Promise<void> {
  readTimers.delete(dialogId)
  try {
    await readDialog(dialogId, messageId)
    if (reading.get(dialogId) === messageId) reading.delete(dialogId)
  } catch {
    // Told again a little later, unless something newer was read meanwhile.
    if (!readTimers.has(dialogId)) readTimers.set(dialogId, setTimeout(() => void tellRead(dialogId, messageId), pollMs))
  }
}

/** Shown at once; put back when the server refuses. */
async function change(dialogId: DialogId, changed: Partial<Chat>, send: () => Promise<unknown>): Promise<void> {
  const chat = chats.get(dialogId)
  const before = chat && Object.fromEntries(Object.keys(changed).map((key) => [key, chat[key as keyof Chat]]))
  if (chat) Object.assign(chat, changed)
  try {
    await send()
  } catch (error) {
    if (chat) Object.assign(chat, before)
    throw error
  }
}
export const setPinned = (dialogId: DialogId, pinned: boolean) => change(dialogId, { pinned }, () => pinDialog(dialogId, pinned))
export const setMuted = (dialogId: DialogId, muted: boolean) => change(dialogId, { muted }, () => muteDialog(dialogId, muted))
export async function hideChat(dialogId: DialogId): Promise<void> {
  const chat = chats.get(dialogId)
  chats.delete(dialogId)
  try {
    await hideDialog(dialogId)
  } catch (error) {
    if (chat) chats.set(dialogId, chat)
    throw error
  }
}
export const dropChat = (dialogId: DialogId): void => void chats.delete(dialogId)

function onMessage(push: MessagePush): void {
  const { dialogId, message } = push
  learnNames(Object.values(push.users ?? {}))
  const mine = message.senderId === me.value?.id
  const known = chats.get(dialogId)
  if (!known) {
    // Where its counter stands only the server knows.
    refreshSoon()
    return
  }
  if (message.id <= known.last.id) return
  known.chatId = push.chatId
  known.muted = push.muted
  if (push.title) known.title = push.title
  known.last = {
    id: message.id, text: message.text, authorId: message.senderId, at: Date.parse(message.date),
    hasFile: message.files.length > 0 || message.attach,
  }
  if (mine) {
    known.counter = 0
    known.lastReadId = message.id
  } else if (push.notify) known.counter++
}

function onChange(push: ChangePush): void {
  const chat = chats.get(push.dialogId)
  if (chat?.last.id === push.id) Object.assign(chat.last, { text: push.text, hasFile: push.text ? chat.last.hasFile : false })
}

function onCounter(push: CounterPush): void {
  const chat = chats.get(push.dialogId)
  if (!chat) {
    if (push.counter === 0) beyond.delete(push.dialogId)
    return
  }
  chat.counter = push.counter
  chat.marked = push.unread ?? false
  if (push.lastId !== undefined) chat.lastReadId = push.lastId
}

function patch<Params extends { dialogId: DialogId }>(changes: (params: Params) => Partial<Chat>): (params: Params) => void {
  return (params) => {
    const chat = chats.get(params.dialogId)
    if (chat) Object.assign(chat, changes(params))
  }
}

let started = false

/** Once per page, when somebody is signed in. */
export function startChats(): void {
  if (started) return
  started = true
  for (const command of ['message', 'messageChat']) on('im', command, onMessage)
  for (const command of ['messageUpdate', 'messageDelete']) on('im', command, onChange)
  for (const command of ['readMessage', 'readMessageChat', 'unreadMessage', 'unreadMessageChat']) on('im', command, onCounter)
  on('im', 'chatRename', patch<{ dialogId: DialogId; title: string }>(({ title }) => ({ title })))
  on('im', 'chatMuteNotify', patch<{ dialogId: DialogId; muted: boolean; counter: number }>(({ muted, counter }) => ({ muted, counter })))
  on('im', 'chatPin', patch<{ dialogId: DialogId; active: boolean }>(({ active }) => ({ pinned: active })))
  on('im', 'chatUnread', patch<{ dialogId: DialogId; active: boolean; counter: number }>(({ active, counter }) => ({ marked: active, counter })))
  on<{ dialogId: DialogId }>('im', 'chatHide', ({ dialogId }) => void chats.delete(dialogId))
  on<{ dialogId: DialogId }>('im', 'chatUserAdd', ({ dialogId }) => void (chats.has(dialogId) || refreshSoon()))
  on<{ dialogId: DialogId; userId: number }>('im', 'chatUserLeave', ({ dialogId, userId }) => {
    if (userId === me.value?.id) chats.delete(dialogId)
  })
  onReload(refreshSoon)
  pollWhileNotLive(pollMs, poll)
  refresh()
}
