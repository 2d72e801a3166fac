// Money, dates and counts the way the reader's language and time zone write them.
import { language } from '@/i18n'
import { session } from '@/state/session'

const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>()

function cached<T extends Intl.NumberFormat | Intl.DateTimeFormat>(key: string, make: () => T): T {
  const known = cache.get(key) ?? make()
  cache.set(key, known)
  return known as T
}

export const timeZone = (): string | undefined => session.value?.user.timeZone || undefined

export function money(amount: number | string | null | undefined, currency: string | null | undefined): string {
  const value = Number(amount ?? 0)
  const whole = Number.isInteger(value)
  try {
    return cached(`m${language.value}${currency}${whole}`, () =>
      new Intl.NumberFormat(language.value, {
        style: 'currency',
        currency: currency || 'EUR',
        currencyDisplay: 'narrowSymbol',
        minimumFractionDigits: whole ? 0 : 2,
        maximumFractionDigits: whole ? 0 : 2,
      }),
    ).format(value)
  } catch {
    return `${number(value)} ${currency}`
  }
}

/** Short form for column heads: 128 k €. */
export function moneyShort(amount: number | string, currency: string | null | undefined): string {
  const value = Number(amount)
  if (Math.abs(value) < 1_000_000) return money(Math.round(value), currency)
  try {
    return cached(`s${language.value}${currency}`, () =>
      new Intl.NumberFormat(language.value, {
        style: 'currency', currency: currency || 'EUR', currencyDisplay: 'narrowSymbol', notation: 'compact', maximumFractionDigits: 2,
      }),
    ).format(value)
  } catch {
    return money(value, currency)
  }
}

export const number = (value: number): string => cached(`n${language.value}`, () => new Intl.NumberFormat(language.value)).format(value)

function zoned(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const zone = timeZone()
  return cached(`d${language.value}${zone}${JSON.stringify(options)}`, () => {
    try {
      return new Intl.DateTimeFormat(language.value, { ...options, timeZone: zone })
    } catch {
      return new Intl.DateTimeFormat(language.value, options)
    }
  })
}

const dayMs = 86_400_000

/** The calendar day in the reader's zone, as YYYY-MM-DD. */
export function dayOf(moment: Date): string {
  const parts = Object.fromEntries(
    zoned({ year: 'numeric', month: '2-digit', day: '2-digit', numberingSystem: 'latn' }).formatToParts(moment).map((part) => [part.type, part.value]),
  )
  return `${parts.year}-${parts.month}-${parts.day}`
}

export const today = (): string => dayOf(new Date())

/** Date-only fields come as local midnight: their day is written in the text itself. */
export const plainDay = (value: string | null | undefined): string => (value ? value.slice(0, 10) : '')

export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / dayMs)

/** A day without a time: "12 Nov" this year, else with the year. */
export function day(value: string | null | undefined): string {
  const plain = plainDay(value)
  if (!plain) return ''
  const thisYear = plain.slice(0, 4) === today().slice(0, 4)
  const options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: thisYear ? undefined : 'numeric', timeZone: 'UTC' }
  return cached(`p${language.value}${thisYear}`, () => new Intl.DateTimeFormat(language.value, options)).format(new Date(`${plain}T00:00:00Z`))
}

export function dateTime(value: string | null | undefined): string {
  if (!value) return ''
  const moment = new Date(value)
  if (Number.isNaN(moment.getTime())) return value
  const thisYear = dayOf(moment).slice(0, 4) === today().slice(0, 4)
  return zoned({ day: 'numeric', month: 'short', year: thisYear ? undefined : 'numeric', hour: '2-digit', minute: '2-digit' }).format(moment)
}

/** "5 minutes ago" within a week, else the date. */
export function ago(value: string | null | undefined): string {
  if (!value) return ''
  const moment = new Date(value)
  const seconds = Math.round((moment.getTime() - Date.now()) / 1000)
  const relative = new Intl.RelativeTimeFormat(language.value, { numeric: 'auto' })
  const size = Math.abs(seconds)
  if (size < 45) return relative.format(0, 'second')
  if (size < 2700) return relative.format(Math.round(seconds / 60), 'minute')
  if (size < 79_200) return relative.format(Math.round(seconds / 3600), 'hour')
  if (size < 7 * 86_400) return relative.format(Math.round(seconds / 86_400), 'day')
  return zoned({ day: 'numeric', month: 'short', year: 'numeric' }).format(moment)
}

/** Value for <input type="datetime-local"> in the reader's zone. */
export function toLocalInput(value: string | null | undefined): string {
  if (!value) return ''
  const moment = new Date(value)
  const parts = Object.fromEntries(
    zoned({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', numberingSystem: 'latn' })
      .formatToParts(moment)
      .map((part) => [part.type, part.value]),
  )
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`
}

/** The moment that a wall-clock time means in the reader's zone, as ISO 8601 UTC. */
export function fromLocalInput(value: string): string {
  const naive = Date.parse(`${value}:00Z`)
  // Two rounds settle the offset also on the day the clocks change.
  let guess = naive
  for (let round = 0; round < 2; round++) {
    const shown = Date.parse(`${toLocalInput(new Date(guess).toISOString())}:00Z`)
    guess += naive - shown
  }
  return new Date(guess).toISOString().replace('.000Z', '+00:00')
}
