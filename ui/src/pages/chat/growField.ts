// A text field as high as its text, up to a limit.
import { useEventListener } from '@vueuse/core'
import { nextTick, watch, type Ref } from 'vue'

const heightMaxPx = 220

export function useGrowField(field: Ref<HTMLTextAreaElement | null>, text: Ref<string>): void {
  function fit(): void {
    const box = field.value
    if (!box) return
    box.style.height = 'auto'
    box.style.height = `${Math.min(heightMaxPx, box.scrollHeight)}px`
  }
  watch([text, field], () => void nextTick(fit), { immediate: true })
  useEventListener(window, 'resize', fit)
}
