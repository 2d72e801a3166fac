// Messages that are on their way. Each has an id of its own, by which the server takes it once however often it comes;
// they survive a reload of the tab and leave through the patient write queue.
import { reactive } from 'vue'
import { addMessage, type DialogId } from '@/api/chat'
import { newId } from '@/api/http'
import { replayWrites } from '@/api/rest'
import { plain } from '@/lib/errors'
import { on } from '@/realtime'
import { noteOwnMessage, type MessagePush } from '@/state/chat'
import { me } from '@/state/session'
import type { Message, ShownFile } from './message'

export interface Waiting {
  dialogId: DialogId
  clientId: string
  text: string
  replyId: number
  files: ShownFile[]
  at: number
  failed: boolean
  /** Why it was refused. */
  reason: string
}

const storageKey = 'stoa.chat.waiting'
const waiting = reactive<Waiting[]>([])
const sentHandlers = new Set<(one: Waiting, id: number) => void>()

/** Hears of each message that the server has taken. */
export const onSent = (handler: (one: Waiting, id: number) => void): void => void sentHandlers.add(handler)

export const waitingIn = (dialogId: DialogId): Waiting[] => waiting.filter((one) => one.dialogId === dialogId)
export const waitingFiles = (dialogId: DialogId): ShownFile[] => waitingIn(dialogId).flatMap((one) => one.files)

export const toMessage = (one: Waiting): Message => ({
  key: one.clientId,
  id: 0,
  clientId: one.clientId,
  authorId: me.value?.id ?? 0,
  at: one.at,
  text: one.text,
  replyId: one.replyId,
  files: one.files.map((file) => file.id),
  reactions: {},
  edited: false,
  deleted: false,
  attach: false,
  state: one.failed ? 'failed' : 'waiting',
})

function remember(): void {
  try {
    if (waiting.length) sessionStorage.setItem(storageKey, JSON.stringify({ user: me.value?.id, waiting }))
    else sessionStorage.removeItem(storageKey)
  } catch {
    // Without storage they live as long as the page.
  }
}

/** The server has it: what waited is no longer needed. */
export function settle(clientId: string): void {
  const index = waiting.findIndex((one) => one.clientId === clientId)
  if (index < 0) return
  waiting.splice(index, 1)
  remember()
}

async function deliver(one: Waiting): Promise<void> {
  one.failed = false
  try {
    const id = await addMessage(one.dialogId, { ...one, files: one.files.map((file) => file.id) })
    for (const handler of sentHandlers) handler(one, id)
    settle(one.clientId)
  } catch (error) {
    one.failed = true
    one.reason = plain(error).text
    remember()
  }
}

export function send(dialogId: DialogId, title: string, message: { text: string; replyId: number; files: ShownFile[] }): void {
  const one: Waiting = { ...message, dialogId, clientId: newId(), at: Date.now(), failed: false, reason: '' }
  waiting.push(one)
  remember()
  noteOwnMessage(dialogId, message.text, message.files.length > 0, title)
  void deliver(waiting.at(-1)!)
}

const find = (clientId: string) => waiting.find((one) => one.clientId === clientId)
export const reasonOf = (clientId: string): string => find(clientId)?.reason ?? ''
export function retry(clientId: string): void {
  const one = find(clientId)
  if (one) void deliver(one)
}
export const discard = settle

/** Another user of this tab must not find them. */
function recall(): Waiting[] {
  try {
    const kept = JSON.parse(sessionStorage.getItem(storageKey) ?? '{}') as { user?: number; waiting?: Waiting[] }
    if (kept.user !== me.value?.id) return []
    // Previews from this device went with the page.
    return (kept.waiting ?? []).map((one) => ({ ...one, files: one.files.map((file) => ({ ...file, urlPreview: '', urlShow: '' })) }))
  } catch {
    return []
  }
}

let started = false

/** Once per page: takes up what a former page of this tab left. */
export function startOutbox(): void {
  if (started) return
  started = true
  const hear = ({ message }: MessagePush) => message.senderId === me.value?.id && settle(message.templateId)
  for (const command of ['message', 'messageChat']) on('im', command, hear)
  const left = recall()
  waiting.push(...left)
  // The write queue sends them first; under the same id they may be sent again to learn what became of them.
  void replayWrites().then(() => {
    for (const one of [...waiting]) if (!one.failed && left.some((other) => other.clientId === one.clientId)) void deliver(one)
  })
}
