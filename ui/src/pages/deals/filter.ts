// The filter of deals: read from the address, written to the address, turned into REST filter keys.
import type { LocationQuery } from 'vue-router'
import type { Params } from '@/api/rest'

export interface DealFilter {
  q: string
  stages: string[]
  responsible: string
  min: string
  max: string
  from: string
  to: string
}

const one = (value: unknown): string => (Array.isArray(value) ? String(value[0] ?? '') : typeof value === 'string' ? value : '')

export const readFilter = (query: LocationQuery): DealFilter => ({
  q: one(query.q),
  stages: one(query.stage).split(',').filter(Boolean),
  responsible: one(query.responsible),
  min: one(query.min),
  max: one(query.max),
  from: one(query.from),
  to: one(query.to),
})

/** Query parameters of a filter; what is not set is undefined, which removes it from the address. */
export const filterQuery = (filter: DealFilter): Record<string, string | undefined> => ({
  q: filter.q || undefined,
  stage: filter.stages.join(',') || undefined,
  responsible: filter.responsible || undefined,
  min: filter.min || undefined,
  max: filter.max || undefined,
  from: filter.from || undefined,
  to: filter.to || undefined,
})

/** REST filter keys; stages only where the caller does not choose the stage itself. */
export function toRestFilter(filter: DealFilter, withStages: boolean): Params {
  const rest: Params = {}
  if (filter.q.trim()) rest['%TITLE'] = filter.q.trim()
  if (withStages && filter.stages.length) rest['@STAGE_ID'] = filter.stages
  if (filter.responsible) rest.ASSIGNED_BY_ID = filter.responsible
  if (filter.min) rest['>=OPPORTUNITY'] = filter.min
  if (filter.max) rest['<=OPPORTUNITY'] = filter.max
  if (filter.from) rest['>=DATE_CREATE'] = `${filter.from}T00:00:00`
  if (filter.to) rest['<=DATE_CREATE'] = `${filter.to}T23:59:59`
  return rest
}

export const countFilters = (filter: DealFilter, withStages: boolean): number =>
  Number(withStages && filter.stages.length > 0) +
  Number(!!filter.responsible) +
  Number(!!(filter.min || filter.max)) +
  Number(!!(filter.from || filter.to))
