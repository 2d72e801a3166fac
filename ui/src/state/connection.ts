// What the user is told while the server cannot be reached: reads and writes wait, nothing is lost.
import { reactive } from 'vue'

export const connection = reactive({
  paused: false,
  /** Seconds until the next attempt. */
  retryIn: 0,
  /** Writes that wait for the server. */
  pending: 0,
})

const delayMaxMs = 20_000
let deadline = 0
let ticker: ReturnType<typeof setInterval> | undefined
const sleepers = new Set<() => void>()

/** Waits before the next attempt: the server's Retry-After if it gave one, else doubling with jitter. */
export function pause(attempt: number, retryAfterSeconds: number, signal?: AbortSignal): Promise<void> {
  const backoff = Math.min(delayMaxMs, 500 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2)
  const wait = retryAfterSeconds > 0 ? Math.min(retryAfterSeconds * 1000, 60_000) : backoff
  connection.paused = true
  deadline = Date.now() + wait
  tick()
  ticker ??= setInterval(tick, 500)
  return new Promise((wake, reject) => {
    const done = () => {
      clearTimeout(timer)
      sleepers.delete(done)
      if (signal?.aborted) reject(new DOMException('aborted', 'AbortError'))
      else wake()
    }
    const timer = setTimeout(done, wait)
    sleepers.add(done)
    signal?.addEventListener('abort', done, { once: true })
  })
}

/** The server answered: the banner goes and everything that slept tries at once. */
export function resume(): void {
  if (!connection.paused) return
  connection.paused = false
  clearInterval(ticker)
  ticker = undefined
  wakeAll()
}

/** The user, or the browser coming back online, asks for an attempt now. */
export function wakeAll(): void {
  for (const wake of [...sleepers]) wake()
}

function tick(): void {
  connection.retryIn = Math.max(0, Math.ceil((deadline - Date.now()) / 1000))
}

addEventListener('online', wakeAll)
