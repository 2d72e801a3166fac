// The company's people by id: small enough to hold, asked for once.
import { computed, reactive, ref } from 'vue'
import { batch, call, type Command } from '@/api/rest'

export interface Person {
  ID: string
  NAME: string | null
  LAST_NAME: string | null
  EMAIL: string | null
  WORK_POSITION?: string | null
  ACTIVE: boolean
}

const people = reactive(new Map<string, Person>())
const loaded = ref(false)
let loading: Promise<void> | undefined

/** Ten pages of active people are loaded at once; whoever is beyond is fetched when first shown. */
const pagesMax = 10

export function loadPeople(): Promise<void> {
  loading ??= call<Person[]>('user.get', { FILTER: { ACTIVE: true } })
    .then(async (first) => {
      const rest: Record<string, Command> = {}
      const pages = Math.min(pagesMax, Math.ceil((first.total ?? 0) / 50))
      for (let page = 1; page < pages; page++) rest[`p${page}`] = ['user.get', { FILTER: { ACTIVE: true }, start: page * 50 }]
      const more = pages > 1 ? Object.values(await batch<Record<string, Person[]>>(rest)).flat() : []
      for (const person of [...first.result, ...more]) if (person) people.set(String(person.ID), person)
      loaded.value = true
    })
    .catch((error: unknown) => {
      loading = undefined
      throw error
    })
  return loading
}

export function forgetDirectory(): void {
  people.clear()
  loading = undefined
}

const missing = new Set<string>()
let fetchSoon: ReturnType<typeof setTimeout> | undefined

/** A person by id. An id outside the loaded pages is asked for in the background, many in one call. */
export function person(id: string | number | null | undefined): Person | undefined {
  if (!id || id === '0') return undefined
  const key = String(id)
  const known = people.get(key)
  if (!known && loaded.value && !missing.has(key)) {
    missing.add(key)
    fetchSoon ??= setTimeout(() => {
      fetchSoon = undefined
      const ids = [...missing].filter((wanted) => !people.has(wanted)).slice(0, 50)
      if (ids.length) {
        call<Person[]>('user.get', { FILTER: { ID: ids } })
          .then((answer) => answer.result.forEach((found) => people.set(String(found.ID), found)))
          .catch(() => undefined)
      }
    }, 30)
  }
  return known
}

export const fullName = (someone: Person | undefined): string =>
  someone ? [someone.NAME, someone.LAST_NAME].filter(Boolean).join(' ') || someone.EMAIL || `#${someone.ID}` : ''

export const personName = (id: string | number | null | undefined): string => fullName(person(id))

export const activePeople = computed(() =>
  [...people.values()].filter((someone) => someone.ACTIVE !== false).sort((a, b) => fullName(a).localeCompare(fullName(b))),
)
