// What the text field of a chat is about just now: a new message, an answer, or a message that is changed.
import { ref, shallowRef } from 'vue'
import type { Message } from './message'

export function useComposer() {
  const replyTo = shallowRef<Message | null>(null)
  const editing = shallowRef<Message | null>(null)
  const focusCount = ref(0)
  const focus = () => focusCount.value++

  return {
    replyTo, editing, focusCount,
    reply(message: Message) {
      editing.value = null
      replyTo.value = message
      focus()
    },
    edit(message: Message) {
      replyTo.value = null
      editing.value = message
      focus()
    },
    reset() {
      replyTo.value = null
      editing.value = null
    },
  }
}

export type ComposerState = ReturnType<typeof useComposer>
