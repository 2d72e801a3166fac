// Real time for the whole page: one connection, to which screens listen by module and command.
import { onScopeDispose, readonly, ref, watch } from 'vue'
import { PushClient } from './client'
import type { PushMessage } from './protocol'

export type RealtimeState = 'live' | 'reconnecting' | 'off'
type Handler = (params: never) => void

const state = ref<RealtimeState>('off')
const late = ref(false)
const handlers = new Map<string, Set<Handler>>()
const reloaders = new Set<() => void>()

/** A connection that is back soon is nobody's business. */
const calmMs = 2_000
let lateTimer: ReturnType<typeof setTimeout> | undefined

const client = new PushClient({
  onState(now) {
    state.value = now
    clearTimeout(lateTimer)
    if (now === 'reconnecting') lateTimer = late.value ? undefined : setTimeout(() => (late.value = true), lateIn())
    else late.value = false
    if (now !== 'reconnecting') brokenSince = 0
  },
  tags: nameTags,
  onOpen() {
    if (named.size !== tags.size || [...tags.keys()].some((name) => !named.has(name))) sendTags()
  },
  onTags(lacking = [...named]) {
    for (const name of named) {
      const tag = tags.get(name)
      if (!tag) continue
      tag.since = null
      if (lacking.includes(name)) call(tag.missed)
    }
  },
  onMessage: ({ body }: PushMessage) => call(handlers.get(`${body.module_id}.${body.command}`), body.params),
  onReload: () => call(reloaders),
})

/** Each failed try says "reconnecting" again: the two seconds count from the first. */
let brokenSince = 0
function lateIn(): number {
  brokenSince ||= Date.now()
  return Math.max(0, brokenSince + calmMs - Date.now())
}

/** One listener that fails must not keep the message from the others. */
function call(listeners: Iterable<(params: never) => void> | undefined, params?: unknown): void {
  for (const listener of listeners ?? []) {
    try {
      listener(params as never)
    } catch (error) {
      console.error(error)
    }
  }
}

export const realtime = {
  state: readonly(state),
  /** Worth telling the user: no connection for more than two seconds. */
  late: readonly(late),
  start: () => client.start(),
}

/** Calls the handler with the params of each such message, until the returned function is called. */
export function on<Params>(moduleId: string, command: string, handler: (params: Params) => void): () => void {
  const key = `${moduleId}.${command}`
  const known = handlers.get(key) ?? new Set()
  known.add(handler)
  handlers.set(key, known)
  return () => void known.delete(handler)
}

/** Calls the handler whenever messages may have been missed, also after the first connection. */
export function onReload(handler: () => void): () => void {
  reloaders.add(handler)
  return () => void reloaders.delete(handler)
}

/** The same, for as long as the component lives. */
export function useOn<Params>(moduleId: string, command: string, handler: (params: Params) => void): void {
  onScopeDispose(on(moduleId, command, handler))
}

interface Tag {
  users: number
  missed: Set<() => void>
  /** What had been heard when it began. Null: the server watches it for us, so all that was heard counts for it, too. */
  since: string | null
}
const tags = new Map<string, Tag>()
/** Those with which the connection was begun. */
let named = new Set<string>()
/** The server takes no more from one connection. */
const tagsMax = 50

function nameTags(): string {
  named = new Set([...tags.keys()].slice(-tagsMax))
  return [...named].map((name) => [name, tags.get(name)?.since].filter(Boolean).join('@')).join(',')
}

function sendTags(): void {
  const sent = [...tags].slice(-tagsMax)
  client.notify('watch', { tags: sent.map(([name]) => name) }, () => {
    for (const [, tag] of sent) tag.since = null
  })
}

/**
 * While the component lives, messages for whoever watches the tag come, too, also those of a time without a connection.
 * `missed` is called when some of them cannot be had any more.
 */
export function useTag(name: string, missed?: () => void): void {
  const tag = tags.get(name) ?? { users: 0, missed: new Set(), since: client.heardUpTo }
  tags.set(name, tag)
  if (missed) tag.missed.add(missed)
  if (tag.users++ === 0) sendTags()
  onScopeDispose(() => {
    if (missed) tag.missed.delete(missed)
    if (--tag.users > 0) return
    tags.delete(name)
    sendTags()
  })
}

/**
 * Without a live connection screens ask for news themselves: slower, but they work on the database alone.
 * Does nothing while the page is hidden. Returns what ends it.
 */
export function pollWhileNotLive(everyMs: number, poll: () => Promise<unknown>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let ended = false
  const next = () => {
    clearTimeout(timer)
    if (ended || state.value === 'live') return
    timer = setTimeout(() => {
      const visible = document.visibilityState === 'visible'
      void (visible ? poll().catch(() => undefined) : Promise.resolve()).then(next)
    }, everyMs)
  }
  const unwatch = watch(state, next, { immediate: true })
  return () => {
    ended = true
    unwatch()
    clearTimeout(timer)
  }
}
