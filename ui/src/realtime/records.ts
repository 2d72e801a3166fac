// Records that changed, whoever changed them. The server says which; what they are now the screen reads itself, so that
// nobody sees what he may not.
import { onScopeDispose } from 'vue'
import { on, onReload, realtime, useTag } from './index'

export interface RecordChanges {
  changed: number[]
  deleted: number[]
}

interface Hint {
  entity: string
  records: { id: number; change: 'add' | 'update' | 'delete' }[]
}

/** Changes come in bursts: they are asked for together. */
const gatherMs = 300

/**
 * While the component lives. `refresh` gets what changed; `reload` is called when changes may have been missed, but not
 * for the first connection, before which the screen has loaded itself.
 */
export function useRecordChanges(entity: string, refresh: (changes: RecordChanges) => void, reload: () => void): void {
  let gathered = new Map<number, Hint['records'][number]['change']>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let connected = realtime.state.value === 'live'

  const flush = () => {
    const changes: RecordChanges = { changed: [], deleted: [] }
    for (const [id, change] of gathered) (change === 'delete' ? changes.deleted : changes.changed).push(id)
    gathered = new Map()
    refresh(changes)
  }
  const stop = on<Hint>('main', 'recordsChanged', (hint) => {
    if (hint.entity !== entity) return
    for (const { id, change } of hint.records) gathered.set(id, change)
    clearTimeout(timer)
    timer = setTimeout(flush, gatherMs)
  })
  const stopReload = onReload(() => {
    if (connected) reload()
    connected = true
  })
  useTag(entity, reload)
  onScopeDispose(() => {
    clearTimeout(timer)
    stop()
    stopReload()
  })
}
