// Lets the others see that one is typing: not more often than they need to know.
import { tellWriting, type DialogId } from '@/api/chat'
import { realtime } from '@/realtime'

const everyMs = 4_000
const toldAt = new Map<DialogId, number>()

export function tellTyping(dialogId: DialogId): void {
  if (realtime.state.value !== 'live' || Date.now() - (toldAt.get(dialogId) ?? 0) < everyMs) return
  toldAt.set(dialogId, Date.now())
  void tellWriting(dialogId).catch(() => undefined)
}

/** After a message the next key tells it again. */
export const stopTyping = (dialogId: DialogId): void => void toldAt.delete(dialogId)
