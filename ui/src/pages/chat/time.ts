// Days and times in a conversation, in the reader's language and zone.
import { i18n, language } from '@/i18n'
import { day, daysBetween, dayOf, timeZone, today } from '@/lib/format'

const clocks = new Map<string, Intl.DateTimeFormat>()

/** "14:05" */
export function clock(at: number): string {
  const key = `${language.value}${timeZone()}`
  const known = clocks.get(key) ?? new Intl.DateTimeFormat(language.value, { hour: 'numeric', minute: '2-digit', timeZone: timeZone() })
  clocks.set(key, known)
  return known.format(at)
}

// Thousands of messages lie on few days: the costly conversion is done once per quarter of an hour.
const days = new Map<string, string>()
export function dayAt(at: number): string {
  const key = `${timeZone()}${Math.floor(at / 900_000)}`
  const known = days.get(key) ?? dayOf(new Date(at))
  days.set(key, known)
  return known
}

/** "Today", "Yesterday", else the date. */
export function dayName(date: string): string {
  const { t } = i18n.global
  const ago = daysBetween(date, today())
  return ago === 0 ? t('chat.today') : ago === 1 ? t('chat.yesterday') : day(date)
}

/** For the list: the time today, else the day. */
export const shortTime = (at: number): string => (!at ? '' : dayAt(at) === today() ? clock(at) : dayName(dayAt(at)))
