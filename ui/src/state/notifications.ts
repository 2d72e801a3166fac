// The bell: how many notifications are unread, and the newest of them once somebody looks.
import { computed, reactive, ref } from 'vue'
import {
  confirmNotification, deleteNotification, fetchNotifications, notificationPageSize, notificationType, pollNotifications,
  readAllNotifications, readNotification, type NotificationButton, type NotificationItem, type NotificationPage,
} from '@/api/notifications'
import { on, onReload, pollWhileNotLive } from '@/realtime'
import { learnNames } from './chat'

export interface Notification {
  id: number
  type: number
  authorId: number
  title: string
  text: string
  at: string
  read: boolean
  link: string
  tag: string
  /** How often it happened. */
  times: number
  buttons: NotificationButton[]
  answerable: boolean
}

interface AddPush {
  id: number
  type: number
  date: string
  silent: 'Y' | 'N'
  title: string
  text: string
  link: string
  tag: string
  grouped: number
  userId: number
  userName: string
  buttons?: NotificationButton[]
  counter: number
}

const pollMs = 10_000

const known = reactive(new Map<number, Notification>())
export const unreadNotifications = ref(0)
/** The list was asked for; before that only its number is known. */
const listLoaded = ref(false)
export const hasMoreNotifications = ref(false)
export const notificationsReady = computed(() => listLoaded.value)

/** Questions first: somebody waits for them. */
export const notifications = computed(() =>
  [...known.values()].sort((a, b) => Number(isQuestion(b)) - Number(isQuestion(a)) || b.id - a.id),
)
export const isQuestion = (one: Notification): boolean => one.type === notificationType.question

function parseButtons(json: string | undefined): NotificationButton[] {
  if (!json) return []
  try {
    const buttons: unknown = JSON.parse(json)
    return Array.isArray(buttons) ? (buttons as NotificationButton[]) : []
  } catch {
    return []
  }
}

const fromItem = (item: NotificationItem): Notification => ({
  id: item.id,
  type: item.notify_type,
  authorId: item.author_id,
  title: item.notify_title,
  text: item.text,
  at: item.date,
  read: item.notify_read === 'Y',
  link: item.params?.LINK ?? '',
  tag: item.notify_tag,
  times: item.params?.GROUPED ?? 1,
  buttons: parseButtons(item.notify_buttons),
  answerable: item.params?.CAN_ANSWER === 'Y',
})

function take(page: NotificationPage): void {
  learnNames(page.users)
  unreadNotifications.value = page.total_unread_count ?? 0
  for (const item of page.notifications) known.set(item.id, fromItem(item))
}

// What was asked for before a push message came may be older than that: then it is asked again.
let heard = 0
const askAgainMax = 3
async function ask(fetchPage: () => Promise<NotificationPage>): Promise<NotificationPage> {
  for (let again = 0; ; again++) {
    const before = heard
    const page = await fetchPage()
    if (heard === before || again === askAgainMax) return page
  }
}

let loading: Promise<void> | undefined

/** The first page anew. */
export function loadNotifications(): Promise<void> {
  loading ??= ask(fetchNotifications)
    .then((page) => {
      known.clear()
      take(page)
      hasMoreNotifications.value = page.notifications.length === notificationPageSize
      listLoaded.value = true
    })
    .finally(() => (loading = undefined))
  return loading
}

export async function loadMoreNotifications(): Promise<void> {
  const last = notifications.value.at(-1)
  const page = await fetchNotifications(last)
  take(page)
  hasMoreNotifications.value = page.notifications.length === notificationPageSize
}

async function poll(): Promise<void> {
  const page = await ask(pollNotifications)
  if (listLoaded.value) take(page)
  else unreadNotifications.value = page.total_unread_count ?? 0
}

/** Shown at once; loaded anew when the server refuses. */
async function optimistic(change: () => void, send: () => Promise<unknown>): Promise<void> {
  change()
  try {
    await send()
  } catch (error) {
    void loadNotifications().catch(() => undefined)
    throw error
  }
}

function setRead(one: Notification | undefined, read: boolean): void {
  if (!one || one.read === read) return
  one.read = read
  unreadNotifications.value = Math.max(0, unreadNotifications.value + (read ? -1 : 1))
}
function forget(id: number): void {
  setRead(known.get(id), true)
  known.delete(id)
}

export const markNotification = (one: Notification, read: boolean) =>
  one.read === read ? Promise.resolve() : optimistic(() => setRead(known.get(one.id), read), () => readNotification(one.id, read))
export const removeNotification = (one: Notification) => optimistic(() => forget(one.id), () => deleteNotification(one.id))
export const markAllNotifications = () =>
  optimistic(() => {
    for (const one of known.values()) one.read = true
    unreadNotifications.value = 0
  }, readAllNotifications)

/** Presses a button; returns what the portal says to that, if anything. */
export async function pressButton(one: Notification, value: string): Promise<string> {
  const said = await confirmNotification(one.id, value)
  forget(one.id)
  return said
}

const arrivals = new Set<(one: Notification) => void>()
/** Hears of notifications that may be shown at once. */
export function onArrival(handler: (one: Notification) => void): () => void {
  arrivals.add(handler)
  return () => void arrivals.delete(handler)
}

function onAdd(push: AddPush): void {
  heard++
  unreadNotifications.value = push.counter
  learnNames([{ id: push.userId, name: push.userName }])
  const one: Notification = {
    id: push.id, type: push.type, authorId: push.userId, title: push.title, text: push.text, at: push.date, read: false,
    link: push.link, tag: push.tag, times: push.grouped, buttons: push.buttons ?? [], answerable: false,
  }
  if (listLoaded.value) {
    // A new one takes the place of those about the same thing.
    if (one.tag) for (const former of [...known.values()]) if (former.tag === one.tag) known.delete(former.id)
    known.set(one.id, one)
  }
  if (push.silent !== 'Y') for (const handler of arrivals) handler(one)
}

function onMarked(read: boolean): (push: { list: number[]; counter: number }) => void {
  return ({ list, counter }) => {
    heard++
    for (const id of list) {
      const one = known.get(id)
      if (one) one.read = read
    }
    unreadNotifications.value = counter
  }
}

let started = false

/** Once per page, when somebody is signed in. */
export function startNotifications(): void {
  if (started) return
  started = true
  on('im', 'notifyAdd', onAdd)
  on('im', 'notifyRead', onMarked(true))
  on('im', 'notifyUnread', onMarked(false))
  on<{ counter: number }>('im', 'notifyReadAll', ({ counter }) => {
    for (const one of known.values()) one.read = true
    unreadNotifications.value = counter
  })
  on<{ id: Record<string, number>; counter: number }>('im', 'notifyDelete', ({ id, counter }) => {
    for (const one of Object.keys(id)) known.delete(Number(one))
    unreadNotifications.value = counter
  })
  on<{ id: number; counter: number }>('im', 'notifyConfirm', ({ id, counter }) => {
    known.delete(id)
    unreadNotifications.value = counter
  })
  const load = () => (listLoaded.value ? loadNotifications() : poll()).catch(() => undefined)
  // What is under way may have been asked for before the news came: it does not count.
  const refresh = () => void (loading ?? Promise.resolve()).catch(() => undefined).then(load)
  onReload(refresh)
  pollWhileNotLive(pollMs, poll)
  refresh()
}
