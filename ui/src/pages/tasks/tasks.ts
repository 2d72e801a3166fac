// The list of tasks: filter in the address, groups by deadline, pages as they are scrolled to.
import type { LocationQuery } from 'vue-router'
import type { Params } from '@/api/rest'
import { taskStatus, type Task } from '@/api/tasks'
import { dayOf, daysBetween, today } from '@/lib/format'

export const roles = ['any', 'responsible', 'creator'] as const
export const states = ['open', 'progress', 'done', 'all'] as const
export const deadlines = ['any', 'overdue', 'today', 'week', 'none'] as const

export interface TaskFilter {
  q: string
  role: (typeof roles)[number]
  state: (typeof states)[number]
  deadline: (typeof deadlines)[number]
}

const pick = <T extends string>(value: unknown, known: readonly T[], fallback: T): T =>
  known.includes(value as T) ? (value as T) : fallback

export const readTaskFilter = (query: LocationQuery): TaskFilter => ({
  q: typeof query.q === 'string' ? query.q : '',
  role: pick(query.role, roles, 'any'),
  state: pick(query.state, states, 'open'),
  deadline: pick(query.deadline, deadlines, 'any'),
})

const addDays = (plain: string, days: number): string => new Date(Date.parse(`${plain}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)

export function toTaskFilter(filter: TaskFilter, userId: number): Params {
  const rest: Params = {}
  if (filter.q.trim()) rest['%TITLE'] = filter.q.trim()
  if (filter.role === 'responsible') rest.RESPONSIBLE_ID = userId
  if (filter.role === 'creator') rest.CREATED_BY = userId
  if (filter.state === 'open') rest['!REAL_STATUS'] = taskStatus.done
  if (filter.state === 'progress') rest.REAL_STATUS = taskStatus.progress
  if (filter.state === 'done') rest.REAL_STATUS = taskStatus.done
  const now = today()
  if (filter.deadline === 'overdue') rest['<DEADLINE'] = new Date().toISOString()
  if (filter.deadline === 'today') Object.assign(rest, { '>=DEADLINE': `${now}T00:00:00`, '<=DEADLINE': `${now}T23:59:59` })
  if (filter.deadline === 'week') Object.assign(rest, { '>=DEADLINE': `${now}T00:00:00`, '<=DEADLINE': `${addDays(now, 7)}T23:59:59` })
  if (filter.deadline === 'none') rest.DEADLINE = ''
  return rest
}

export const groups = ['overdue', 'today', 'week', 'later', 'none', 'done'] as const
export type Group = (typeof groups)[number]

export const isDone = (task: Task): boolean => task.status === taskStatus.done
export const isLate = (task: Task): boolean => !isDone(task) && !!task.deadline && Date.parse(task.deadline) < Date.now()

export function groupOf(task: Task): Group {
  if (isDone(task)) return 'done'
  if (!task.deadline) return 'none'
  if (isLate(task)) return 'overdue'
  const days = daysBetween(today(), dayOf(new Date(task.deadline)))
  return days <= 0 ? 'today' : days <= 7 ? 'week' : 'later'
}
