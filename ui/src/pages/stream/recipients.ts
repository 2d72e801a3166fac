// Who a post is for, in words. "UA" all employees, "U17" a person, "D5" a department, "DR5" with those below it.
import { computed, ref, shallowRef } from 'vue'
import { everybody, fetchDepartments, type Department } from '@/api/stream'
import { i18n } from '@/i18n'
import { chatPersonName } from '@/state/chat'
import { me } from '@/state/session'

export const departments = shallowRef<Department[]>([])
const names = computed(() => new Map(departments.value.map((department) => [department.ID, department.NAME])))

const asked = ref(false)
/** Once; a failure only costs the names. */
export function loadDepartments(): void {
  if (asked.value) return
  asked.value = true
  void fetchDepartments()
    .then((all) => (departments.value = all.sort((a, b) => a.NAME.localeCompare(b.NAME))))
    .catch(() => (asked.value = false))
}

export const departmentCode = (department: Department): string => `DR${department.ID}`
export const personCode = (id: number | string): string => `U${id}`

export function recipientName(code: string): string {
  const { t } = i18n.global
  if (code === everybody) return t('stream.everybody')
  const id = /\d+$/.exec(code)?.[0] ?? ''
  if (code.startsWith('D')) return names.value.get(id) ?? t('stream.department')
  if (Number(id) === me.value?.id) return t('stream.you')
  return chatPersonName(Number(id)) || t('stream.person')
}

const namedMax = 3

/** "Sales, Anna Weber and 2 more" */
export function inWords(codes: string[]): string {
  const { t } = i18n.global
  // Whoever else is named is among all.
  if (codes.includes(everybody)) return t('stream.everybody')
  const shown = codes.slice(0, codes.length > namedMax ? namedMax - 1 : namedMax).map(recipientName).join(', ')
  const left = codes.length > namedMax ? codes.length - namedMax + 1 : 0
  return left ? t('stream.andMore', { names: shown, n: left }) : shown
}
/** All of them. */
export const allInWords = (codes: string[]): string => codes.map(recipientName).join(', ')
