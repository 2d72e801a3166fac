// Finds people and chats by name: at once among what is known here, then what the server knows besides.
import { watchDebounced } from '@vueuse/core'
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { searchChats, type Found } from '@/api/chat'
import { chatTitle, isGroup, sortedChats } from '@/state/chat'
import { activePeople, fullName } from '@/state/people'
import { me } from '@/state/session'

export interface Hit {
  dialogId: string
  peerId: number
  chatId: number
  title: string
  note: string
  avatar: string
}

const shownMax = 20
const none: Found = { people: [], chats: [] }

export function useChatSearch(term: Ref<string>) {
  const remote = shallowRef<Found>(none)
  const busy = ref(false)
  let running: AbortController | undefined
  const wanted = computed(() => term.value.trim().toLowerCase())
  const matches = (text: string) => text.toLowerCase().includes(wanted.value)

  watch(wanted, (text) => {
    running?.abort()
    remote.value = none
    busy.value = text.length > 1
  })
  watchDebounced(wanted, async (text) => {
    if (text.length < 2) return
    const abort = (running = new AbortController())
    try {
      remote.value = await searchChats(text, abort.signal)
    } catch {
      // What is known here is shown all the same.
    } finally {
      if (running === abort) busy.value = false
    }
  }, { debounce: 200 })

  const people = computed<Hit[]>(() => {
    if (!wanted.value) return []
    const hits = new Map<number, Hit>()
    const add = (id: number, title: string, note: string) =>
      hits.set(id, { dialogId: String(id), peerId: id, chatId: 0, title, note, avatar: '' })
    for (const person of activePeople.value) if (matches(fullName(person))) add(Number(person.ID), fullName(person), person.WORK_POSITION ?? '')
    for (const user of remote.value.people) if (!hits.has(user.id)) add(user.id, user.name, user.work_position ?? '')
    hits.delete(me.value?.id ?? 0)
    return [...hits.values()].slice(0, shownMax)
  })
  const chats = computed<Hit[]>(() => {
    if (!wanted.value) return []
    const hits = new Map<string, Hit>()
    for (const chat of sortedChats.value) {
      if (!isGroup(chat.dialogId) || !matches(chatTitle(chat))) continue
      hits.set(chat.dialogId, { dialogId: chat.dialogId, peerId: 0, chatId: chat.chatId, title: chatTitle(chat), note: '', avatar: chat.avatar })
    }
    for (const chat of remote.value.chats) {
      const dialogId = `chat${chat.id}`
      if (!hits.has(dialogId)) hits.set(dialogId, { dialogId, peerId: 0, chatId: chat.id, title: chat.name, note: '', avatar: chat.avatar })
    }
    return [...hits.values()].slice(0, shownMax)
  })
  return { people, chats, busy, active: computed(() => wanted.value !== '') }
}
