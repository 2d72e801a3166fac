// Finds messages of one chat by their text, newest first, page by page. The server looks through a part of a long chat at
// a time: a page may be empty although there is more behind it.
import { watchDebounced } from '@vueuse/core'
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import type { MessagesPage } from '@/api/chat'
import { read } from '@/api/rest'
import { plain } from '@/lib/errors'
import { learnNames } from '@/state/chat'
import { fromItem, type Message } from './message'

/** The server takes shorter texts for "everything". */
export const searchLettersMin = 3
const pageSize = 20

type Page = MessagesPage & { nextId: number | null }

export function useMessageSearch(chatId: () => number, term: Ref<string>) {
  const found = shallowRef<Message[]>([])
  /** Where the next page begins; 0: there is none. */
  const next = ref(0)
  const busy = ref(false)
  const failure = ref('')
  const wanted = computed(() => term.value.trim())
  const enough = computed(() => [...wanted.value].length >= searchLettersMin)
  let running: AbortController | undefined

  async function load(behind: number): Promise<void> {
    running?.abort()
    const abort = (running = new AbortController())
    busy.value = true
    failure.value = ''
    try {
      const params = { CHAT_ID: chatId(), SEARCH_MESSAGE: wanted.value, LIMIT: pageSize, ...(behind ? { LAST_ID: behind } : {}) }
      const page = await read<Page>('im.dialog.messages.search', params, abort.signal)
      learnNames(page.users)
      found.value = [...(behind ? found.value : []), ...page.messages.map(fromItem)]
      next.value = page.nextId ?? 0
    } catch (error) {
      if (!abort.signal.aborted) failure.value = plain(error).text
    } finally {
      if (running === abort) busy.value = false
    }
  }

  watch(wanted, () => {
    running?.abort()
    found.value = []
    next.value = 0
    failure.value = ''
    busy.value = enough.value
  })
  watchDebounced(wanted, () => void (enough.value && load(0)), { debounce: 250 })
  return { found, next, busy, failure, wanted, enough, more: () => load(next.value) }
}

/** The text around the first place where it was found, in three parts. */
export function around(text: string, wanted: string): [before: string, hit: string, after: string] {
  const at = text.toLowerCase().indexOf(wanted.toLowerCase())
  if (at < 0) return [text, '', '']
  const contextMax = 40
  const from = Math.max(0, at - contextMax)
  return [(from ? '…' : '') + text.slice(from, at), text.slice(at, at + wanted.length), text.slice(at + wanted.length)]
}
