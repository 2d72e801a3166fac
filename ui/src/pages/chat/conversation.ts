// One chat that is open: its messages in order, who has read how far, who is typing. The last few stay in memory, so
// that going back to one shows it at once.
import { computed, reactive, ref, shallowReactive, shallowRef } from 'vue'
import {
  fetchDialog, fetchNewer, fetchNewest, fetchOlder, messagePageSize, openDialog,
  type DialogId, type DialogInfo, type MessagesPage,
} from '@/api/chat'
import { refuses } from '@/api/http'
import { plain, type Plain } from '@/lib/errors'
import { on, onReload } from '@/realtime'
import { chatOf, learnNames, noteDialog, type ChangePush, type MessagePush } from '@/state/chat'
import { me } from '@/state/session'
import { fromItem, fromPush, type Message, type ShownFile } from './message'
import { fetchOne } from './reactions'
import { onSent, settle, toMessage, waitingFiles, waitingIn, type Waiting } from './outbox'
import { createTyping } from './typing'

/** More than this behind, and the newest page is loaded instead of everything in between. */
const catchUpPagesMax = 4
const searchedPagesMax = 20

function create(dialogId: DialogId) {
  const info = shallowRef<DialogInfo | null>(null)
  const sent = shallowRef<Message[]>([])
  /** Nothing older is left on the server. */
  const complete = ref(false)
  const loading = ref(false)
  const loadingOlder = ref(false)
  const failure = shallowRef<Plain | null>(null)
  /** What is behind this message was unread when the chat was opened; 0: nothing was. */
  const unreadAfter = ref(0)
  const files = shallowReactive(new Map<number, ShownFile>())
  /** Messages that are answered and not loaded themselves. */
  const answered = shallowReactive(new Map<number, Message>())
  const readBy = reactive(new Map<number, number>())
  const typing = createTyping()
  const byId = new Map<number, Message>()

  const messages = computed<Message[]>(() => {
    const waiting = waitingIn(dialogId)
    if (!waiting.length) return sent.value
    const taken = new Set(sent.value.slice(-messagePageSize).map((message) => message.clientId))
    return [...sent.value, ...waiting.filter((one) => !taken.has(one.clientId)).map(toMessage)]
  })
  const lastId = computed(() => sent.value.at(-1)?.id ?? 0)
  const fileOf = (id: number): ShownFile | undefined => files.get(id) ?? waitingFiles(dialogId).find((file) => file.id === id)
  const find = (id: number): Message | undefined => byId.get(id) ?? answered.get(id)

  function put(fresh: Message[]): void {
    let added = false
    for (const message of fresh) {
      const known = byId.get(message.id)
      if (known) Object.assign(known, message, { key: known.key })
      else {
        byId.set(message.id, reactive(message))
        added = true
      }
      if (message.clientId && message.authorId === me.value?.id) settle(message.clientId)
    }
    if (added) sent.value = [...byId.values()].sort((a, b) => a.id - b.id)
  }
  function takePage(page: MessagesPage): void {
    learnNames(page.users)
    for (const file of page.files) files.set(file.id, file)
    for (const item of page.additionalMessages ?? []) answered.set(item.id, fromItem(item))
    put(page.messages.map(fromItem))
  }
  function takeInfo(fresh: DialogInfo): void {
    info.value = fresh
    noteDialog(dialogId, fresh)
    for (const reader of fresh.readed_list ?? []) {
      learnNames([{ id: reader.user_id, name: reader.user_name }])
      readBy.set(reader.user_id, Math.max(readBy.get(reader.user_id) ?? 0, reader.message_id))
    }
  }
  function takeNewest(page: MessagesPage): void {
    const oldest = page.messages.at(-1)?.id ?? 0
    // What lies between the loaded messages and the newest page is not known: begin again from there.
    const gap = page.messages.length === messagePageSize && lastId.value > 0 && oldest > lastId.value
    if (gap) byId.clear()
    if (gap || !sent.value.length) complete.value = page.messages.length < messagePageSize
    takePage(page)
  }

  let opening: Promise<void> = Promise.resolve()
  /** For the first time, and whenever the user comes back to it. */
  const open = (): Promise<void> => (opening = load())
  async function load(): Promise<void> {
    const first = !info.value
    const chat = chatOf(dialogId)
    if (!first) unreadAfter.value = chat?.counter ? chat.lastReadId : 0
    failure.value = null
    loading.value = true
    try {
      const answer = await openDialog(dialogId)
      if (first) unreadAfter.value = answer.info.counter ? answer.info.last_id : 0
      takeInfo(answer.info)
      takeNewest(answer.page)
    } catch (error) {
      if (first) failure.value = plain(error)
    } finally {
      loading.value = false
    }
  }

  /** Everything that may have changed meanwhile, without a word when it fails. */
  async function refresh(): Promise<void> {
    await opening
    if (!info.value) return
    const [fresh, page] = await Promise.all([fetchDialog(dialogId), fetchNewest(dialogId)])
    takeInfo(fresh)
    takeNewest(page)
  }

  // News that a push message did not carry itself: everything behind a message is read.
  let catchFrom = Infinity
  let catching = false
  function catchUp(behind: number): void {
    catchFrom = Math.min(catchFrom, behind)
    if (!catching) void runCatchUp()
  }
  async function runCatchUp(): Promise<void> {
    catching = true
    let from = catchFrom
    try {
      for (let pages = 0; catchFrom < Infinity; pages++) {
        from = catchFrom
        catchFrom = Infinity
        const page = pages < catchUpPagesMax ? await fetchNewer(dialogId, from) : await fetchNewest(dialogId)
        if (pages < catchUpPagesMax) takePage(page)
        else takeNewest(page)
        const more = pages < catchUpPagesMax && page.messages.length === messagePageSize
        if (more) catchFrom = Math.min(catchFrom, page.messages[0]!.id)
      }
    } catch (error) {
      if (refuses(error)) {  // no member any more
        catching = false
        return
      }
      catchFrom = Math.min(catchFrom, from)
      setTimeout(() => void runCatchUp(), 3000)
      return
    }
    catching = false
  }

  async function loadOlder(): Promise<void> {
    const oldest = sent.value[0]?.id
    if (complete.value || loadingOlder.value || !oldest) return
    loadingOlder.value = true
    try {
      const page = await fetchOlder(dialogId, oldest)
      complete.value = page.messages.length < messagePageSize
      takePage(page)
    } catch {
      // The reader is still near the top: not again at once.
      await new Promise((done) => setTimeout(done, 3000))
    } finally {
      loadingOlder.value = false
    }
  }

  /** Loads backwards until the message is there. */
  async function reach(id: number): Promise<boolean> {
    for (let pages = 0; pages < searchedPagesMax && !byId.has(id) && !complete.value; pages++) await loadOlder()
    return byId.has(id)
  }

  function hear(push: MessagePush): void {
    typing.stop(push.message.senderId)
    if (push.message.senderId) readBy.set(push.message.senderId, push.message.id)
    if (!info.value) return
    const gap = push.message.prevId > lastId.value
    const partial = push.message.textCut || push.message.files.length > 0 || push.message.attach
    const unknownReply = push.message.replyId > 0 && !find(push.message.replyId)
    if (gap || partial || unknownReply) catchUp(Math.min(lastId.value, push.message.id - 1))
    else put([fromPush(push)])
  }
  function change(push: ChangePush, deleted: boolean): void {
    const message = find(push.id)
    if (!message) return
    Object.assign(message, { text: push.text, edited: push.isEdited, deleted }, deleted ? { files: [], attach: false } : {})
    if (push.textCut) void refresh().catch(() => undefined)
  }
  // The push server says that somebody reacted, not how: the messages are read again, those of a moment together.
  const reacted = new Set<number>()
  let reactedTimer: ReturnType<typeof setTimeout> | undefined
  const reactedMs = 150
  function hearReaction(id: number): void {
    if (!byId.has(id)) return
    reacted.add(id)
    reactedTimer ??= setTimeout(() => void readReacted(), reactedMs)
  }
  async function readReacted(): Promise<void> {
    reactedTimer = undefined
    const ids = [...reacted]
    reacted.clear()
    try {
      for (const id of ids) takePage(await fetchOne(dialogId, id))
    } catch (error) {
      if (refuses(error)) return
      for (const id of ids) reacted.add(id)
      reactedTimer ??= setTimeout(() => void readReacted(), 3000)
    }
  }
  function takeSent(one: Waiting, id: number): void {
    for (const file of one.files) if (!files.has(file.id)) files.set(file.id, file)
    if (!byId.has(id)) put([{ ...toMessage(one), id, state: 'sent' }])
  }
  function setReader(userId: number, messageId: number): void {
    readBy.set(userId, Math.max(readBy.get(userId) ?? 0, messageId))
  }
  function setInfo(changed: Partial<DialogInfo>): void {
    if (info.value) info.value = { ...info.value, ...changed }
  }

  return {
    dialogId, info, messages, lastId, complete, loading, loadingOlder, failure, unreadAfter, readBy, typing,
    open, refresh, loadOlder, reach, find, fileOf, hear, hearReaction, change, takeSent, setReader, setInfo,
  }
}

export type Conversation = ReturnType<typeof create>

const keptMax = 8
const kept = new Map<DialogId, Conversation>()

export function conversationOf(dialogId: DialogId): Conversation {
  listen()
  const conversation = kept.get(dialogId) ?? create(dialogId)
  kept.delete(dialogId)
  kept.set(dialogId, conversation)
  for (const oldest of [...kept.keys()].slice(0, -keptMax)) kept.delete(oldest)
  return conversation
}

let listening = false

/** Messages of the push server go to whichever of the kept chats they are about. */
function listen(): void {
  if (listening) return
  listening = true
  const each = <Push extends { dialogId: DialogId }>(commands: string[], handle: (conversation: Conversation, push: Push) => void) => {
    for (const command of commands) {
      on<Push>('im', command, (push) => {
        const conversation = kept.get(push.dialogId)
        if (conversation) handle(conversation, push)
      })
    }
  }
  type Of<Params> = Params & { dialogId: DialogId }
  each<MessagePush>(['message', 'messageChat'], (conversation, push) => conversation.hear(push))
  each<ChangePush>(['messageUpdate'], (conversation, push) => conversation.change(push, false))
  each<ChangePush>(['messageDelete'], (conversation, push) => conversation.change(push, true))
  each<Of<{ id: number }>>(['messageLike'], (conversation, push) => conversation.hearReaction(push.id))
  each<Of<{ userId: number; lastId: number }>>(['readMessageOpponent', 'readMessageChatOpponent'], (conversation, push) =>
    conversation.setReader(push.userId, push.lastId),
  )
  each<Of<{ userId: number; userName: string }>>(['startWriting'], (conversation, push) => {
    learnNames([{ id: push.userId, name: push.userName }])
    conversation.typing.start(push.userId)
  })
  each<Of<{ userCount: number }>>(['chatUserAdd', 'chatUserLeave'], (conversation, push) => conversation.setInfo({ user_counter: push.userCount }))
  each<Of<{ title: string }>>(['chatRename'], (conversation, push) => conversation.setInfo({ name: push.title }))
  each<Of<{ userId: number }>>(['chatOwner'], (conversation, push) => conversation.setInfo({ owner: push.userId }))
  onSent((one, id) => kept.get(one.dialogId)?.takeSent(one, id))
  // Only the one in view is worth a request; the others are loaded anew when they are opened.
  onReload(() => {
    const shown = [...kept.values()].at(-1)
    for (const dialogId of [...kept.keys()]) if (dialogId !== shown?.dialogId) kept.delete(dialogId)
    void shown?.refresh().catch(() => undefined)
  })
}
