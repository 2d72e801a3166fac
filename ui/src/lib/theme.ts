import { useColorMode } from '@vueuse/core'
import { computed } from 'vue'

export type Theme = 'auto' | 'light' | 'dark'

/** The chosen theme; "auto" follows the system. */
export function useTheme() {
  const { store } = useColorMode()
  return computed<Theme>({
    get: () => store.value as Theme,
    set: (value) => (store.value = value),
  })
}
