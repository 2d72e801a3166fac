// What the list of deals can show, and which of it this reader chose.
import { useLocalStorage } from '@vueuse/core'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { UserField } from '@/api/crm'
import { language } from '@/i18n'
import { userFields } from '@/state/crm'

export interface ListColumn {
  key: string
  label: string
  /** REST field to sort by. */
  sort?: string
  right?: boolean
  /** Least width in rem; what is left over is shared out. */
  width: number
}

export const fieldLabel = (field: UserField): string => {
  const label = field.EDIT_FORM_LABEL
  if (typeof label === 'string') return label || field.FIELD_NAME
  return label?.[language.value] || label?.en || Object.values(label ?? {})[0] || field.FIELD_NAME
}

export function useColumns() {
  const { t } = useI18n()
  const chosen = useLocalStorage<string[]>('stoa.deals.columns', ['stage', 'amount', 'client', 'responsible', 'closeDate', 'created'])
  const all = computed<ListColumn[]>(() => [
    { key: 'stage', label: t('deals.stage'), sort: 'STAGE_ID', width: 9 },
    { key: 'amount', label: t('deals.amount'), sort: 'OPPORTUNITY', right: true, width: 7 },
    { key: 'client', label: t('deals.client'), width: 10 },
    { key: 'responsible', label: t('deals.responsible'), sort: 'ASSIGNED_BY_ID', width: 9.5 },
    { key: 'closeDate', label: t('deals.closeDate'), sort: 'CLOSEDATE', width: 7.5 },
    { key: 'created', label: t('deals.created'), sort: 'DATE_CREATE', width: 7.5 },
    { key: 'modified', label: t('deals.modified'), sort: 'DATE_MODIFY', width: 8 },
    { key: 'id', label: t('deals.id'), sort: 'ID', width: 4.5 },
    ...userFields.value.map((field) => ({ key: field.FIELD_NAME, label: fieldLabel(field), width: 9 })),
  ])
  const shown = computed(() => all.value.filter((column) => chosen.value.includes(column.key)))
  const toggle = (key: string, on: boolean) => {
    chosen.value = on ? [...chosen.value, key] : chosen.value.filter((other) => other !== key)
  }
  return { all, shown, toggle }
}
