import type { UserField } from '@/api/crm'
import { i18n } from '@/i18n'
import { dateTime, day, money, number } from '@/lib/format'
import { personName } from '@/state/people'

const isEmpty = (value: unknown): boolean => value === null || value === undefined || value === '' || value === false

function one(field: UserField, value: unknown): string {
  if (isEmpty(value)) return ''
  const text = String(value)
  switch (field.USER_TYPE_ID) {
    case 'boolean':
      return i18n.global.t(['1', 'Y', 'true'].includes(text) ? 'common.yes' : 'common.no')
    case 'enumeration':
      return field.LIST?.find((item) => String(item.ID) === text)?.VALUE ?? text
    case 'date':
      return day(text)
    case 'datetime':
      return dateTime(text)
    case 'integer':
    case 'double':
      return number(Number(text))
    case 'employee':
      return personName(text)
    case 'money': {
      const [amount, currency] = text.split('|')
      return money(amount, currency)
    }
    default:
      return typeof value === 'object' ? '…' : text
  }
}

/** A user field's value as people read it. */
export function showUserField(field: UserField | undefined, value: unknown): string {
  if (!field) return isEmpty(value) ? '' : String(value)
  return Array.isArray(value) ? value.map((item) => one(field, item)).filter(Boolean).join(', ') : one(field, value)
}
