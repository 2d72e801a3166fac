// Reference data of the CRM: funnels, stages, currencies, user fields. Asked for once per visit.
import { shallowReactive, shallowRef } from 'vue'
import {
  fetchCompanies, fetchContacts, fetchCurrencies, fetchFunnels, fetchStatuses, fetchUserFields, contactName,
  type Category, type Stage, type StatusItem, type UserField,
} from '@/api/crm'

export const categories = shallowRef<Category[]>([])
export const stagesByCategory = shallowRef<Record<number, Stage[]>>({})
export const userFields = shallowRef<UserField[]>([])
export const currencies = shallowRef<string[]>([])
export const sources = shallowRef<StatusItem[]>([])

let funnels: Promise<void> | undefined
let details: Promise<void> | undefined

export function loadFunnels(): Promise<void> {
  funnels ??= fetchFunnels()
    .then((answer) => {
      categories.value = answer.categories
      stagesByCategory.value = answer.stages
    })
    .catch((error: unknown) => {
      funnels = undefined
      throw error
    })
  return funnels
}

/** What only the card and the forms need. A part that fails leaves its list empty. */
export function loadCardReference(): Promise<void> {
  const settled = <T>(promise: Promise<T>, use: (value: T) => void) => promise.then(use).catch(() => undefined)
  details ??= Promise.all([
    settled(fetchUserFields(), (fields) => (userFields.value = fields)),
    settled(fetchCurrencies(), (list) => (currencies.value = list.map((item) => item.CURRENCY))),
    settled(fetchStatuses('SOURCE'), (list) => (sources.value = list)),
  ]).then(() => undefined)
  return details
}

export function forgetCrm(): void {
  funnels = undefined
  details = undefined
  contactNames.clear()
  companyNames.clear()
}

export function stageOf(stageId: string): Stage | undefined {
  for (const stages of Object.values(stagesByCategory.value)) {
    const found = stages.find((stage) => stage.id === stageId)
    if (found) return found
  }
  return undefined
}

// Names of the contacts and companies on the cards in view.
export const contactNames = shallowReactive(new Map<string, string>())
export const companyNames = shallowReactive(new Map<string, string>())

const isId = (id: unknown): id is string => !!id && id !== '0'

/** Fetches the names that the given deals need and nobody knows yet. */
export async function loadNames(deals: { CONTACT_ID: string | null; COMPANY_ID: string | null }[]): Promise<void> {
  const unknown = (ids: (string | null)[], known: Map<string, string>) =>
    [...new Set(ids.filter(isId).map(String))].filter((id) => !known.has(id))
  const chunks = (ids: string[]) => Array.from({ length: Math.ceil(ids.length / 50) }, (_, n) => ids.slice(n * 50, n * 50 + 50))
  await Promise.all([
    ...chunks(unknown(deals.map((deal) => deal.COMPANY_ID), companyNames)).map(async (ids) => {
      for (const company of await fetchCompanies(ids)) companyNames.set(String(company.ID), company.TITLE)
    }),
    ...chunks(unknown(deals.map((deal) => deal.CONTACT_ID), contactNames)).map(async (ids) => {
      for (const contact of await fetchContacts(ids)) contactNames.set(String(contact.ID), contactName(contact))
    }),
  ]).catch(() => undefined)
}
