import { onBeforeUnmount, watch, type Ref } from 'vue'

/** Calls `reached` whenever the marker element comes near the visible part of its scroller. */
export function useReached(marker: Ref<HTMLElement | null>, reached: () => void): void {
  const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && reached(), {
    rootMargin: '400px 0px',
  })
  watch(marker, (element, former) => {
    if (former) observer.unobserve(former)
    if (element) observer.observe(element)
  })
  onBeforeUnmount(() => observer.disconnect())
}
