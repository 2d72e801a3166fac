// "@Anna Weber" in the text field stands for [USER=17]Anna Weber[/USER] in the message.
import type { Person } from '@/state/people'
import { fullName } from '@/state/people'

/** The beginning of a name that is being typed: where it starts, and what there is of it. */
export function mentionAt(text: string, caret: number): { start: number; term: string } | null {
  const before = text.slice(0, caret)
  const match = /(?:^|[\s(])@([\p{L}\p{N}_.-]*(?: [\p{L}\p{N}_.-]*)?)$/u.exec(before)
  if (!match) return null
  return { start: caret - match[1]!.length - 1, term: match[1]!.toLowerCase() }
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Longer names first, so that "Anna" does not take a part of "Anna Weber"; those that were picked before all others. */
export function toMessageText(text: string, picked: Map<string, number>, people: Person[]): string {
  const ids = new Map([...people.map((person) => [fullName(person), Number(person.ID)] as const), ...picked])
  const names = [...ids.keys()].filter((name) => name && text.includes(`@${name}`)).sort((a, b) => b.length - a.length)
  if (!names.length) return text
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])@(${names.map(escaped).join('|')})(?![\\p{L}\\p{N}])`, 'gu')
  return text.replace(pattern, (_, name: string) => `[USER=${ids.get(name)}]${name}[/USER]`)
}

/** The other way round, to edit a message. */
export function toFieldText(text: string): { text: string; picked: Map<string, number> } {
  const picked = new Map<string, number>()
  const shown = text.replace(/\[user=(\d+)[^\]]*\](.*?)\[\/user\]/gis, (_, id: string, name: string) => {
    picked.set(name, Number(id))
    return `@${name}`
  })
  return { text: shown, picked }
}
