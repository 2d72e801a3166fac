// Tasks, checklists and comments. The task.* methods read their parameters by position: keep the order.
import { batch, call, read, write, type Params } from './rest'

export interface Task {
  id: string
  title: string
  description: string | null
  status: string
  deadline: string | null
  responsibleId: string
  createdBy: string
  createdDate: string
  closedDate: string | null
  priority: string
}

export interface ChecklistItem {
  ID: string
  PARENT_ID: string
  TITLE: string
  IS_COMPLETE: 'Y' | 'N'
  SORT_INDEX: string
}

export interface TaskComment {
  ID: string
  AUTHOR_ID: string
  AUTHOR_NAME: string
  POST_DATE: string
  POST_MESSAGE: string
}

export const taskStatus = { pending: '2', progress: '3', control: '4', done: '5', deferred: '6' } as const

const fields = [
  'ID', 'TITLE', 'DESCRIPTION', 'STATUS', 'DEADLINE', 'RESPONSIBLE_ID', 'CREATED_BY', 'CREATED_DATE', 'CLOSED_DATE', 'PRIORITY',
]

export const fetchTasks = async (filter: Params, order: Params, start: number, signal?: AbortSignal) => {
  const answer = await call<{ tasks: Task[] }>('tasks.task.list', { filter, order, select: fields, start }, signal)
  return { tasks: answer.result.tasks ?? [], next: answer.next, total: answer.total }
}

export interface TaskCard {
  task: { task: Task } | []
  checklist: ChecklistItem[]
  comments: TaskComment[]
}

export const fetchTaskCard = (id: number): Promise<Partial<TaskCard>> =>
  batch<TaskCard & Record<string, unknown>>({
    task: ['tasks.task.get', { taskId: id, select: fields }],
    checklist: ['task.checklistitem.getlist', { TASKID: id }],
    comments: ['task.commentitem.getlist', { TASKID: id }],
  })

export const fetchChecklist = (id: number) => read<ChecklistItem[]>('task.checklistitem.getlist', { TASKID: id })
export const fetchTaskComments = (id: number) => read<TaskComment[]>('task.commentitem.getlist', { TASKID: id })

export const addTask = async (task: Params): Promise<Task> => (await write<{ task: Task }>('tasks.task.add', { fields: task })).task
export const updateTask = (id: number | string, task: Params) =>
  write<unknown>('tasks.task.update', { taskId: Number(id), fields: task })
export const deleteTask = (id: number | string) => write<unknown>('tasks.task.delete', { taskId: Number(id) })
export const runTask = (id: number | string, action: 'start' | 'pause' | 'complete' | 'renew') =>
  write<unknown>(`tasks.task.${action}`, { taskId: Number(id) })

export const addChecklistItem = (taskId: number | string, title: string) =>
  write<number>('task.checklistitem.add', { TASKID: Number(taskId), FIELDS: { TITLE: title } })
export const tickChecklistItem = (taskId: number | string, itemId: string, done: boolean) =>
  write<unknown>(`task.checklistitem.${done ? 'complete' : 'renew'}`, { TASKID: Number(taskId), ITEMID: Number(itemId) })
export const deleteChecklistItem = (taskId: number | string, itemId: string) =>
  write<unknown>('task.checklistitem.delete', { TASKID: Number(taskId), ITEMID: Number(itemId) })
export const addTaskComment = (taskId: number | string, text: string) =>
  write<number>('task.commentitem.add', { TASKID: Number(taskId), FIELDS: { POST_MESSAGE: text } })
