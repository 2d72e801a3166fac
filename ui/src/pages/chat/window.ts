// Which part of a long list of messages is in the page: a window that moves with scrolling, so that ten thousand
// messages cost no more than two hundred. What the reader looks at stays where it is while things change around it.
import { computed, nextTick, onBeforeUnmount, ref, watch, type Ref } from 'vue'
import type { Message } from './message'

const sizeFirst = 80
const sizeMax = 240
const step = 60
/** Nearer than this to an end of the window, it moves on. */
const nearPx = 800
/** Nearer than this to the newest message, new ones keep the reader there. */
const stuckPx = 60

interface Options {
  scroller: Ref<HTMLElement | null>
  content: Ref<HTMLElement | null>
  messages: Ref<Message[]>
  loadOlder: () => Promise<void>
}

export function useWindow({ scroller, content, messages, loadOlder }: Options) {
  /** Messages below the window, and in it. */
  const below = ref(0)
  const shown = ref(sizeFirst)
  const stuck = ref(true)

  const end = computed(() => Math.max(0, messages.value.length - below.value))
  const start = computed(() => Math.max(0, end.value - shown.value))
  const visible = computed(() => messages.value.slice(start.value, end.value))
  const before = computed(() => messages.value[start.value - 1])

  const element = (key: string) => content.value?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`) ?? null

  /** Remembers what stands at the top of the view; the returned function puts it back there. */
  function hold(): () => void {
    const top = scroller.value?.getBoundingClientRect().top ?? 0
    const items = content.value?.querySelectorAll<HTMLElement>('[data-key]') ?? []
    const anchor = [...items].find((item) => item.getBoundingClientRect().bottom > top)
    const key = anchor?.dataset.key
    const from = anchor?.getBoundingClientRect().top ?? 0
    return () => {
      const now = key ? element(key) : null
      if (now && scroller.value) scroller.value.scrollTop += now.getBoundingClientRect().top - from
    }
  }
  async function steady(change: () => void): Promise<void> {
    const putBack = hold()
    change()
    await nextTick()
    putBack()
  }

  const toBottom = () => scroller.value && (scroller.value.scrollTop = scroller.value.scrollHeight)

  function moveUp(): void {
    shown.value += step
    const over = shown.value - sizeMax
    if (over <= 0) return
    below.value += over
    shown.value = sizeMax
  }
  function moveDown(): void {
    const more = Math.min(step, below.value)
    below.value -= more
    shown.value = Math.min(sizeMax, shown.value + more)
  }

  let moving = false
  async function onScroll(): Promise<void> {
    const box = scroller.value
    if (!box) return
    const left = box.scrollHeight - box.scrollTop - box.clientHeight
    stuck.value = left < stuckPx && below.value === 0
    if (moving) return
    moving = true
    if (box.scrollTop < nearPx) {
      if (start.value === 0) {
        // What comes waits outside of the window, so that the view moves only under steady().
        const room = shown.value
        shown.value = Math.min(room, end.value)
        await loadOlder()
        // Nothing came: there is room again for what is said next.
        if (start.value === 0) shown.value = room
      }
      if (start.value > 0) await steady(moveUp)
    } else if (left < nearPx && below.value > 0) await steady(moveDown)
    moving = false
  }

  /** Back to the newest message. */
  async function toNewest(): Promise<void> {
    below.value = 0
    shown.value = sizeFirst
    stuck.value = true
    await nextTick()
    toBottom()
  }

  /** Brings a loaded message into view; returns its element. */
  async function show(key: string): Promise<HTMLElement | null> {
    const index = messages.value.findIndex((message) => message.key === key)
    if (index < 0) return null
    if (index < start.value || index >= end.value) {
      shown.value = sizeFirst
      below.value = Math.max(0, messages.value.length - index - sizeFirst / 2)
      await nextTick()
    }
    const found = element(key)
    found?.scrollIntoView({ block: 'center' })
    return found
  }

  // Older messages above may move what is in view by a little: whose heads are shown depends on what comes before.
  let putBack: (() => void) | undefined
  watch(messages, (now, former) => {
    if (!stuck.value && now[0]?.key !== former[0]?.key) putBack = hold()
  }, { flush: 'pre' })
  watch(messages, () => {
    putBack?.()
    putBack = undefined
  }, { flush: 'post' })

  // New messages at the end do not move what is being read further up.
  watch(messages, (now, former) => {
    const last = former.at(-1)?.key
    const added = last ? now.length - 1 - now.findLastIndex((message) => message.key === last) : 0
    if (added <= 0 || added >= now.length) return
    if (below.value > 0) below.value += added
    else if (!stuck.value) shown.value += added
  })

  // Texts wrap, images come, the field grows: who is at the bottom stays there.
  const observer = new ResizeObserver(() => stuck.value && toBottom())
  watch([scroller, content], (now) => {
    observer.disconnect()
    for (const one of now) if (one) observer.observe(one)
  })
  onBeforeUnmount(() => observer.disconnect())

  return { visible, before, below, stuck, onScroll, toNewest, toBottom, show, element }
}
