// Typed text that must outlive a closed panel, a reload and a lost connection.
import { ref, watch, type Ref } from 'vue'

const prefix = 'stoa.draft.'

/** A text that is kept on this device until it is emptied. */
export function useDraft(key: () => string): Ref<string> {
  const text = ref(localStorage.getItem(prefix + key()) ?? '')
  watch(key, (name) => (text.value = localStorage.getItem(prefix + name) ?? ''))
  watch(text, (value) => {
    try {
      if (value) localStorage.setItem(prefix + key(), value)
      else localStorage.removeItem(prefix + key())
    } catch {
      // Without storage the text still lives in the field.
    }
  })
  return text
}
