// Posts and comments that are on their way: shown at once, sent by the patient write queue, which knows each by a key of
// its own and so does nothing twice. A former page's ones leave by the queue alone.
import { reactive } from 'vue'
import { addComment, addPost } from '@/api/stream'
import { newId } from '@/api/http'
import { plain } from '@/lib/errors'
import type { ShownFile } from '../chat/message'
import { expectOwn, feed } from './feed'

export interface Waiting {
  key: string
  /** What it comments on; 0: it is a post. */
  postId: number
  text: string
  dest: string[]
  files: ShownFile[]
  at: string
  /** Why it was refused; empty: it is still on its way. */
  reason: string
}

const waiting = reactive<Waiting[]>([])

export const waitingOn = (postId: number): Waiting[] => waiting.filter((one) => one.postId === postId)
expectOwn((postId) => waiting.some((one) => one.postId === postId && !one.reason))

export function discard(one: Waiting): void {
  const index = waiting.findIndex((other) => other.key === one.key)
  if (index >= 0) waiting.splice(index, 1)
}

async function deliver(one: Waiting): Promise<void> {
  one.reason = ''
  const files = one.files.map((file) => file.id)
  try {
    if (one.postId) await addComment(one.postId, { text: one.text, files })
    else await addPost({ text: one.text, dest: one.dest, files })
  } catch (error) {
    one.reason = plain(error).text
    return
  }
  // It is there; when it cannot be shown just now, the next reload of the page's data shows it.
  await (one.postId ? feed.loadNewComments(one.postId) : feed.loadNewer()).catch(() => undefined)
  discard(one)
}

export const retry = (one: Waiting): void => void deliver(one)

export function send(postId: number, written: { text: string; files: ShownFile[] }, dest: string[] = []): void {
  waiting.push({ ...written, key: newId(), postId, dest, at: new Date().toISOString(), reason: '' })
  void deliver(waiting.at(-1)!)
}
