// How many posts of the stream are new to the user.
import { ref } from 'vue'
import { clearUnreadPosts, fetchUnreadPosts } from '@/api/stream'
import { refuses } from '@/api/http'
import { on, onReload, pollWhileNotLive } from '@/realtime'

const pollMs = 15_000
const againMs = 3_000

/** Several reasons within a moment cost one run, and one run is under way at a time; what failed runs again later. */
export function gather(run: () => Promise<void>, withinMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = false
  let wanted = false
  const later = (ms: number) => (timer ??= setTimeout(() => void go(), ms))
  async function go(): Promise<void> {
    timer = undefined
    running = true
    wanted = false
    try {
      await run()
    } catch (error) {
      if (!refuses(error)) later(againMs)
    } finally {
      running = false
      if (wanted) later(withinMs)
    }
  }
  return () => {
    if (running) wanted = true
    else later(withinMs)
  }
}

export const unreadPosts = ref(0)

/** The newest posts are before the user's eyes: what comes is not new to him. */
let watched = false

async function refresh(): Promise<void> {
  if (watched) {
    await clearUnreadPosts()
    unreadPosts.value = 0
  } else {
    unreadPosts.value = await fetchUnreadPosts()
  }
}
// A post for everybody reaches all clients at the same moment: they do not all ask in that moment.
const refreshSoon = gather(refresh, 300 + Math.random() * 1_200)

export function watchPosts(now: boolean): void {
  if (now === watched) return
  watched = now
  if (now) refreshSoon()
}

let started = false

/** Once per page, when somebody is signed in. */
export function startStream(): void {
  if (started) return
  started = true
  on<{ s1?: { '**'?: number } }>('main', 'user_counter', ({ s1 }) => (unreadPosts.value = s1?.['**'] ?? unreadPosts.value))
  for (const command of ['post_add', 'post_delete']) on('socialnetwork', command, refreshSoon)
  onReload(refreshSoon)
  pollWhileNotLive(pollMs, refresh)
  refreshSoon()
}
