// "@" and the names behind it, for a text field that writes messages, posts or comments.
import { computed, nextTick, ref, useId, type Ref } from 'vue'
import { activePeople, fullName, type Person } from '@/state/people'
import { mentionAt, toFieldText, toMessageText } from './mentions'

const offeredMax = 8

interface Options {
  field: Ref<HTMLTextAreaElement | null>
  text: Ref<string>
  /** People who are offered first. */
  first?: () => number[]
}

export function useMentionField({ field, text, first = () => [] }: Options) {
  const listId = useId()
  const picked = new Map<string, number>()
  const place = ref<{ start: number; term: string } | null>(null)
  const active = ref(0)

  const offered = computed<Person[]>(() => {
    const term = place.value?.term
    if (term === undefined) return []
    const before = new Set(first())
    return activePeople.value
      .filter((person) => ` ${fullName(person).toLowerCase()}`.includes(` ${term}`))
      .sort((a, b) => Number(before.has(Number(b.ID))) - Number(before.has(Number(a.ID))))
      .slice(0, offeredMax)
  })

  /** After each move of the caret. */
  function look(): void {
    const now = field.value ? mentionAt(field.value.value, field.value.selectionStart) : null
    if (now?.term !== place.value?.term) active.value = 0
    place.value = now
  }
  async function pick(person: Person): Promise<void> {
    if (!place.value || !field.value) return
    const { start } = place.value
    const name = fullName(person)
    picked.set(name, Number(person.ID))
    const caret = start + name.length + 2
    text.value = `${text.value.slice(0, start)}@${name} ${text.value.slice(field.value.selectionStart)}`
    place.value = null
    await nextTick()
    field.value.setSelectionRange(caret, caret)
  }

  /** Keys that choose from the list; true: the key was meant for it. */
  function onKey(event: KeyboardEvent): boolean {
    const count = offered.value.length
    if (!count) return false
    if (event.key === 'ArrowDown') active.value = (active.value + 1) % count
    else if (event.key === 'ArrowUp') active.value = (active.value + count - 1) % count
    else if (event.key === 'Enter' || event.key === 'Tab') void pick(offered.value[active.value]!)
    else if (event.key === 'Escape') place.value = null
    else return false
    event.preventDefault()
    return true
  }

  return {
    listId, offered, active, look, pick, onKey,
    close: () => void (place.value = null),
    /** What is written, with mentions as the server knows them. */
    written: (): string => toMessageText(text.value.trim(), picked, activePeople.value),
    /** The other way round: what the field shows of a written text. */
    shown(written: string): string {
      const { text: plain, picked: names } = toFieldText(written)
      for (const [name, id] of names) picked.set(name, id)
      return plain
    },
    forget: () => picked.clear(),
  }
}
