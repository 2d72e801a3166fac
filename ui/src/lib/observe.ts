import { nextTick, onBeforeUnmount, watch, type Ref } from 'vue'

/**
 * Calls `reached` whenever the marker element comes near the visible part of its scroller, and again after
 * `busy` turned false while it still is there (a short page does not move the marker away).
 */
export function useReached(marker: Ref<HTMLElement | null>, busy: () => boolean, reached: () => void): void {
  const observer = new IntersectionObserver(
    (entries) => !busy() && entries.some((entry) => entry.isIntersecting) && reached(),
    { rootMargin: '400px 0px' },
  )
  watch(marker, (element, former) => {
    if (former) observer.unobserve(former)
    if (element) observer.observe(element)
  })
  watch(busy, async (now) => {
    if (now) return
    await nextTick()
    if (!marker.value) return
    observer.unobserve(marker.value)
    observer.observe(marker.value)
  })
  onBeforeUnmount(() => observer.disconnect())
}
