// Who is typing. Each sign of it holds for a few seconds.
import { reactive } from 'vue'

const holdsMs = 7_000

export function createTyping() {
  const timers = new Map<number, ReturnType<typeof setTimeout>>()
  const users = reactive(new Set<number>())

  function stop(user: number): void {
    clearTimeout(timers.get(user))
    timers.delete(user)
    users.delete(user)
  }
  function start(user: number): void {
    clearTimeout(timers.get(user))
    timers.set(user, setTimeout(() => stop(user), holdsMs))
    users.add(user)
  }
  return { users, start, stop }
}
