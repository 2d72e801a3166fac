// Deals and what belongs to them, in the shapes of the REST answers.
import { batch, call, read, write, type Command, type Params } from './rest'

export interface Deal extends Record<string, unknown> {
  ID: string
  TITLE: string
  STAGE_ID: string
  CATEGORY_ID: string
  OPPORTUNITY: string | null
  CURRENCY_ID: string | null
  ASSIGNED_BY_ID: string
  CONTACT_ID: string | null
  COMPANY_ID: string | null
  CLOSEDATE: string | null
  DATE_CREATE: string
}

export interface Stage {
  id: string
  name: string
  sort: number
  color: string
  semantics: 'S' | 'F' | null
}

export interface Category {
  id: number
  name: string
  sort: number
  isDefault: 'Y' | 'N'
}

export interface StageSum {
  STAGE_ID: string
  COUNT: number | string
  SUM: number | string
  CURRENCY_ID: string
}

export interface Contact {
  ID: string
  NAME: string | null
  LAST_NAME: string | null
  POST?: string | null
  PHONE?: MultiValue[]
  EMAIL?: MultiValue[]
}

export interface Company {
  ID: string
  TITLE: string
}

export interface MultiValue {
  ID: string
  VALUE: string
  VALUE_TYPE: string
}

export interface ProductRow {
  ID: string
  PRODUCT_NAME: string
  PRICE: number | string
  QUANTITY: number | string
  MEASURE_NAME?: string | null
  DISCOUNT_SUM?: number | string | null
  TAX_RATE?: number | string | null
}

export interface Comment {
  ID: string
  COMMENT: string
  CREATED: string
  AUTHOR_ID: string
}

/** What happened to a record: from one stage, or responsible person, to another. */
export interface TimelineEntry {
  ID: string
  KIND: 'created' | 'stage' | 'responsible' | 'converted'
  OLD_VALUE: string | null
  NEW_VALUE: string | null
  AUTHOR_ID: string
  CREATED: string
}

export interface Activity {
  ID: string
  SUBJECT: string
  TYPE_ID: string
  PROVIDER_ID: string | null
  DEADLINE: string | null
  COMPLETED: 'Y' | 'N'
  RESPONSIBLE_ID: string
  CREATED: string
}

export interface UserField {
  ID: string
  FIELD_NAME: string
  USER_TYPE_ID: string
  MULTIPLE: 'Y' | 'N'
  MANDATORY: 'Y' | 'N'
  SORT: string
  EDIT_FORM_LABEL?: string | Record<string, string> | null
  LIST?: { ID: string; VALUE: string }[]
}

export interface StatusItem {
  STATUS_ID: string
  NAME: string
}

/** A page is what one list call can return. */
export const pageSize = 50

export const cardFields = [
  'ID', 'TITLE', 'STAGE_ID', 'CATEGORY_ID', 'OPPORTUNITY', 'CURRENCY_ID', 'ASSIGNED_BY_ID',
  'CONTACT_ID', 'COMPANY_ID', 'CLOSEDATE', 'DATE_CREATE',
]

export const stageEntity = (categoryId: number): string => (categoryId === 0 ? 'DEAL_STAGE' : `DEAL_STAGE_${categoryId}`)

interface StatusRow {
  STATUS_ID: string
  NAME: string
  SORT: string
  COLOR: string | null
  SEMANTICS: string | null
  EXTRA?: { SEMANTICS?: string; COLOR?: string } | null
}

const toStage = (row: StatusRow): Stage => ({
  id: row.STATUS_ID,
  name: row.NAME,
  sort: Number(row.SORT),
  color: row.COLOR ?? row.EXTRA?.COLOR ?? '#a1a1aa',
  semantics: row.SEMANTICS === 'S' || row.SEMANTICS === 'F' ? row.SEMANTICS : null,
})

/** All funnels with their stages, in two requests. */
export async function fetchFunnels(): Promise<{ categories: Category[]; stages: Record<number, Stage[]> }> {
  const { categories } = await read<{ categories: Category[] }>('crm.category.list', { entityTypeId: 2 })
  categories.sort((a, b) => a.sort - b.sort || a.id - b.id)
  const answer = await batch<Record<string, StatusRow[]>>(
    Object.fromEntries(
      categories.map(({ id }) => [`c${id}`, ['crm.status.list', { filter: { ENTITY_ID: stageEntity(id) }, order: { SORT: 'ASC' } }]]),
    ),
  )
  const stages: Record<number, Stage[]> = {}
  for (const { id } of categories) {
    stages[id] = (answer[`c${id}`] ?? []).map(toStage).sort((a, b) => a.sort - b.sort)
  }
  return { categories, stages }
}

export const fetchStatuses = (entityId: string) =>
  read<StatusItem[]>('crm.status.list', { filter: { ENTITY_ID: entityId }, order: { SORT: 'ASC' } })

export const fetchUserFields = () => read<UserField[]>('crm.deal.userfield.list', { order: { SORT: 'ASC' } })

export const fetchCurrencies = () => read<{ CURRENCY: string; FULL_NAME: string }[]>('crm.currency.list')

export const fetchBoard = async (categoryId: number, filter: Params, signal?: AbortSignal): Promise<StageSum[]> =>
  (await read<{ stages: StageSum[] }>('stoa.crm.deal.board', { categoryId, filter }, signal)).stages

/** The next page of a stage, newest first, by keyset: cost does not grow with depth. */
export const dealPageParams = (filter: Params, before?: string): Params => ({
  filter: before ? { ...filter, '<ID': before } : filter,
  order: { ID: 'DESC' },
  select: cardFields,
  start: -1,
})

export const fetchDeals = (params: Params, signal?: AbortSignal) => call<Deal[]>('crm.deal.list', params, signal)
export const fetchDeal = (id: number) => read<Deal>('crm.deal.get', { id })
export const addDeal = (fields: Params) => write<number>('crm.deal.add', { fields })
export const updateDeal = (id: number | string, fields: Params) => write<boolean>('crm.deal.update', { id: Number(id), fields })
export const deleteDeal = (id: number | string) => write<boolean>('crm.deal.delete', { id: Number(id) })

export const addComment = (dealId: number, text: string) =>
  write<number>('crm.timeline.comment.add', { fields: { ENTITY_ID: dealId, ENTITY_TYPE: 'deal', COMMENT: text } })
export const deleteComment = (id: string) => write<boolean>('crm.timeline.comment.delete', { id: Number(id) })

export const dealCommentsParams = (dealId: number): Params => ({
  filter: { ENTITY_ID: dealId, ENTITY_TYPE: 'deal' },
  order: { ID: 'DESC' },
  select: ['ID', 'COMMENT', 'CREATED', 'AUTHOR_ID'],
})

export const fetchComments = (dealId: number) => read<Comment[]>('crm.timeline.comment.list', dealCommentsParams(dealId))

const dealEntriesParams = (id: number): Params => ({ entityTypeId: 2, entityId: id })
export const fetchEntries = (id: number) => read<TimelineEntry[]>('stoa.crm.timeline.list', dealEntriesParams(id))

export interface DealCard {
  deal: Deal
  comments: Comment[]
  activities: Activity[]
  entries: TimelineEntry[]
  rows: ProductRow[]
  contacts: { CONTACT_ID: number; IS_PRIMARY: string }[]
}

/** The whole card in one request. */
export async function fetchDealCard(id: number): Promise<Partial<DealCard>> {
  return batch<DealCard & Record<string, unknown>>({
    deal: ['crm.deal.get', { id }],
    comments: ['crm.timeline.comment.list', dealCommentsParams(id)],
    activities: ['crm.activity.list', { filter: { OWNER_TYPE_ID: 2, OWNER_ID: id }, order: { ID: 'DESC' } }],
    entries: ['stoa.crm.timeline.list', dealEntriesParams(id)],
    rows: ['crm.deal.productrows.get', { id }],
    contacts: ['crm.deal.contact.items.get', { id }],
  })
}

export const fetchContacts = (ids: (string | number)[]) =>
  read<Contact[]>('crm.contact.list', { filter: { '@ID': ids }, select: ['ID', 'NAME', 'LAST_NAME', 'POST', 'PHONE', 'EMAIL'], start: -1 })
export const fetchCompanies = (ids: (string | number)[]) =>
  read<Company[]>('crm.company.list', { filter: { '@ID': ids }, select: ['ID', 'TITLE'], start: -1 })

export const contactName = (contact: Pick<Contact, 'NAME' | 'LAST_NAME' | 'ID'>): string =>
  [contact.NAME, contact.LAST_NAME].filter(Boolean).join(' ') || `#${contact.ID}`

/** Contacts whose first or last name contains the text. */
export async function findContacts(text: string, signal?: AbortSignal): Promise<Contact[]> {
  const select = ['ID', 'NAME', 'LAST_NAME']
  const page = { select, order: { ID: 'DESC' }, start: -1 }
  const commands: Record<string, Command> = text
    ? {
        first: ['crm.contact.list', { ...page, filter: { '%NAME': text } }],
        last: ['crm.contact.list', { ...page, filter: { '%LAST_NAME': text } }],
      }
    : { first: ['crm.contact.list', page] }
  const found = await batch<Record<string, Contact[]>>(commands, { signal })
  return [...new Map([...(found.first ?? []), ...(found.last ?? [])].map((contact) => [contact.ID, contact])).values()]
}

export const findCompanies = (text: string, signal?: AbortSignal) =>
  read<Company[]>('crm.company.list', {
    filter: text ? { '%TITLE': text } : {},
    select: ['ID', 'TITLE'],
    order: { ID: 'DESC' },
    start: -1,
  }, signal)
