// Files on their way into the user's own drive, from where messages take them. They go in parts: after a lost connection
// an upload goes on where it stood.
import { computed, reactive } from 'vue'
import { fetchOwnStorage } from '@/api/chat'
import { ApiError, newId } from '@/api/http'
import { read } from '@/api/rest'
import { plain } from '@/lib/errors'
import { pause, resume } from '@/state/connection'
import { me } from '@/state/session'
import type { ShownFile } from './message'

export interface Upload {
  key: string
  name: string
  size: number
  /** 0 to 1. */
  progress: number
  state: 'running' | 'done' | 'failed'
  reason: string
  /** Of an image, to show it before it is there. */
  preview: string
  fileId: number
}

interface Stored {
  result: { ID: number | string; DOWNLOAD_URL?: string }
}

const partBytes = 4 << 20
const partsMax = 900
const filesPerMessageMax = 20

let storage: Promise<number> | undefined
function ownStorage(): Promise<number> {
  storage ??= fetchOwnStorage(me.value?.id ?? 0).catch((error: unknown) => {
    storage = undefined
    throw error
  })
  return storage
}

/** An address to which the contents may be posted. It leads to the portal, under whatever name this page knows it. */
async function openUpload(name: string): Promise<string> {
  const offer = await read<{ uploadUrl: string }>('disk.storage.uploadfile', {
    id: await ownStorage(), data: { NAME: name }, generateUniqueName: true,
  })
  const url = new URL(offer.uploadUrl)
  return url.pathname + url.search
}

/** How far the server says it is: 308 with "bytes=0-LAST". */
const received = (answer: Response): number => Number(/-(\d+)$/.exec(answer.headers.get('Range') ?? '')?.[1] ?? -1) + 1

const waitsAgain = (status: number) => status === 429 || status >= 500

async function sendParts(address: string, file: File, signal: AbortSignal, tell: (share: number) => void): Promise<number> {
  const size = Math.max(partBytes, Math.ceil(file.size / partsMax))
  let at = 0
  /** After a failure the server is asked first. */
  let known = true
  for (let failures = 0; ; ) {
    const end = Math.min(at + size, file.size)
    let answer: Response
    try {
      answer = await fetch(address, {
        method: 'POST',
        signal,
        headers: { 'Content-Type': 'application/octet-stream', 'Content-Range': known ? `bytes ${at}-${end - 1}/${file.size}` : `bytes */${file.size}` },
        body: known ? file.slice(at, end) : null,
      })
    } catch (error) {
      if (signal.aborted) throw error
      known = false
      await pause(++failures, 0, signal)
      continue
    }
    if (answer.status === 308) {
      resume()
      at = received(answer)
      tell(at / file.size)
      if (known || at < file.size) failures = 0
      // All is there and the server puts it together: asked again in a moment.
      known = at < file.size
      if (!known) await new Promise((done) => setTimeout(done, 1000))
      continue
    }
    if (waitsAgain(answer.status)) {
      known = false
      await pause(++failures, Number(answer.headers.get('Retry-After')) || 0, signal)
      continue
    }
    resume()
    const body = (await answer.json().catch(() => ({}))) as Partial<Stored> & { error?: string; error_description?: string }
    if (answer.ok && body.result) return Number(body.result.ID)
    throw new ApiError(answer.status, body.error ?? `http_${answer.status}`, body.error_description ?? '', answer.headers.get('X-Request-Id'))
  }
}

const kindOf = (type: string): ShownFile['type'] => {
  const kind = type.split('/')[0]
  return kind === 'image' || kind === 'video' || kind === 'audio' ? kind : 'file'
}

export function useUploads(emptyReason: () => string) {
  const uploads = reactive<Upload[]>([])
  const sources = new Map<string, { file: File; abort: AbortController }>()

  async function run(upload: Upload): Promise<void> {
    const { file, abort } = sources.get(upload.key)!
    upload.state = 'running'
    try {
      if (!file.size) throw new ApiError(400, 'empty_file', emptyReason())
      upload.fileId = await sendParts(await openUpload(file.name), file, abort.signal, (share) => (upload.progress = share))
      upload.progress = 1
      upload.state = 'done'
    } catch (error) {
      if (abort.signal.aborted) return
      upload.state = 'failed'
      upload.reason = plain(error).text
    }
  }

  function add(files: Iterable<File>): void {
    for (const file of files) {
      if (uploads.length >= filesPerMessageMax) return
      const key = newId()
      sources.set(key, { file, abort: new AbortController() })
      const preview = file.type.startsWith('image/') ? URL.createObjectURL(file) : ''
      uploads.push({ key, name: file.name, size: file.size, progress: 0, state: 'running', reason: '', preview, fileId: 0 })
      void run(uploads.at(-1)!)
    }
  }
  function remove(upload: Upload): void {
    sources.get(upload.key)?.abort.abort()
    sources.delete(upload.key)
    if (upload.preview) URL.revokeObjectURL(upload.preview)
    uploads.splice(uploads.findIndex((one) => one.key === upload.key), 1)
  }
  /** Gives up what is done, for a message; its previews live on with it. */
  function takeDone(): ShownFile[] {
    const done = uploads.filter((upload) => upload.state === 'done')
    const files = done.map((upload) => ({
      id: upload.fileId,
      type: kindOf(sources.get(upload.key)?.file.type ?? ''),
      name: upload.name,
      size: upload.size,
      urlPreview: upload.preview,
      urlShow: upload.preview,
      urlDownload: '',
    }))
    for (const upload of done) {
      sources.delete(upload.key)
      uploads.splice(uploads.indexOf(upload), 1)
    }
    return files
  }
  return {
    uploads, add, remove, retry: (upload: Upload) => void run(upload), takeDone,
    running: computed(() => uploads.some((upload) => upload.state === 'running')),
  }
}
