// The connection to the push server: kept up, resumed where it broke off, every message handed on once.
// A message that cannot be had any more is told as "load everything anew".
import { refuses } from '@/api/http'
import { backoff } from './backoff'
import { fetchChannels, socketAddress, type Channels } from './config'
import { heardBefore } from './position'
import { channelsAreOver, readFrame, request, stuck, type PushMessage } from './protocol'

export interface Listener {
  /** `live`: messages come at once. `off`: this server has no push. */
  onState(state: 'live' | 'reconnecting' | 'off'): void
  onMessage(message: PushMessage): void
  /** What is to be watched besides the own channels, "name,name@position": asked for when a connection is begun. */
  tags(): string
  /** The connection stands, or stands again: what has changed of the tags meanwhile must be said now. */
  onOpen(): void
  /** It watches the tags that it began with. `lacking` names those of which something is missing that onReload() does
   *  not tell; absent: it is not known of any. */
  onTags(lacking?: string[]): void
  /** Something may have been missed. */
  onReload(): void
}

/** The server pings every 12 s. */
const silenceMs = 22_000
const openingMs = 10_000
const setTimeoutMaxMs = 2 ** 31 - 1

export class PushClient {
  private channels: Channels | null = null
  private socket: WebSocket | null = null
  private position = ''
  private failures = 0
  private requests = 0
  private readonly waiting = new Map<number, () => void>()
  private running = false
  private connecting = false
  private heardAt = 0
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private watchTimer: ReturnType<typeof setTimeout> | undefined
  private renewTimer: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly listener: Listener) {}

  /** For as long as the page lives; a session that ends takes the page with it. */
  start(): void {
    if (this.running) return
    this.running = true
    addEventListener('online', this.tryNow)
    addEventListener('offline', this.check)
    document.addEventListener('visibilitychange', this.check)
    void this.connect()
  }

  /** The last message that was heard; empty when there was none yet. */
  get heardUpTo(): string {
    return this.position
  }

  /** Tells the server something, if there is a connection; `done` is called when it was carried out. */
  notify(method: string, params: object, done?: () => void): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return
    if (done) this.waiting.set(++this.requests, done)
    else ++this.requests
    this.socket.send(request(this.requests, method, params))
  }

  private readonly tryNow = (): void => {
    if (this.socket || this.connecting) return
    clearTimeout(this.retryTimer)
    this.failures = 0
    void this.connect()
  }

  /** Timers sleep in the background, and a socket does not notice that the network went away. */
  private readonly check = (): void => {
    if (document.visibilityState === 'hidden' && navigator.onLine) return
    const silent = Date.now() - this.heardAt > silenceMs
    if (this.socket && (silent || !navigator.onLine)) this.lost(stuck)
    else this.tryNow()
  }

  private async connect(): Promise<void> {
    this.connecting = true
    try {
      if (!this.channels || Date.now() > this.channels.expiresAt) this.channels = await fetchChannels()
    } catch (error) {
      this.connecting = false
      if (refuses(error)) this.listener.onState('off')
      else this.retry()
      return
    }
    this.connecting = false
    if (this.channels.address) this.open(this.channels, this.listener.tags())
    else this.listener.onState('off')
  }

  private open(channels: Channels, tags: string): void {
    const socket = new WebSocket(socketAddress(channels, this.position, tags))
    const resumed = this.position !== ''
    this.socket = socket
    this.heardAt = Date.now()
    this.watch(openingMs)
    socket.onopen = () => this.socket === socket && this.listener.onOpen()
    socket.onmessage = (event) => this.socket === socket && this.hear(String(event.data), resumed)
    socket.onclose = (event) => this.socket === socket && this.lost(event.code)
    this.renewInTime()
  }

  private hear(text: string, resumed: boolean): void {
    this.heardAt = Date.now()
    this.watch(silenceMs)
    if (text === 'ping') {
      this.socket?.send('pong')
      return
    }
    const { messages, done } = readFrame(text)
    for (const message of messages) {
      this.socket?.send(`mack:${message.mid}`)
      this.take(message, resumed)
    }
    for (const id of done) {
      this.waiting.get(id)?.()
      this.waiting.delete(id)
    }
  }

  private take(message: PushMessage, resumed: boolean): void {
    const { module_id: moduleId, command, params } = message.body
    // Others may send to us through the push server: that must never pass for what the server says.
    const fromServer = message.sender === undefined
    if (fromServer && moduleId === 'pull' && command === 'stream_state') {
      this.position = message.mid
      this.failures = 0
      this.listener.onState('live')
      const whole = params.recovered === true && resumed
      const tags = params.tags as Record<string, boolean> | undefined
      this.listener.onTags(whole ? tags && Object.keys(tags).filter((name) => !tags[name]) : [])
      if (!whole) this.listener.onReload()
      return
    }
    if (fromServer && moduleId === 'pull' && command === 'stream_pause') {
      this.listener.onState(params.paused === true ? 'reconnecting' : 'live')
      return
    }
    if (heardBefore(message.mid, this.position)) return
    this.position = message.mid
    if (!fromServer) return
    if (moduleId === 'pull') this.obey(command)
    else this.listener.onMessage(message)
  }

  private obey(command: string): void {
    const name = command.toUpperCase()
    if (name === 'CHANNEL_EXPIRE' || name === 'CONFIG_EXPIRE') this.lost(3003)
    else if (name === 'SERVER_RESTART') this.lost(3002)
  }

  private lost(code: number): void {
    if (channelsAreOver(code)) this.channels = null
    this.drop()
    this.retry()
  }

  private retry(): void {
    this.listener.onState('reconnecting')
    clearTimeout(this.retryTimer)
    this.retryTimer = setTimeout(() => void this.connect(), backoff(this.failures++))
  }

  private drop(): void {
    clearTimeout(this.watchTimer)
    clearTimeout(this.renewTimer)
    this.waiting.clear()
    const socket = this.socket
    this.socket = null
    socket?.close()
  }

  private watch(ms: number): void {
    clearTimeout(this.watchTimer)
    this.watchTimer = setTimeout(() => this.lost(stuck), ms)
  }

  private renewInTime(): void {
    const wait = (this.channels?.expiresAt ?? 0) - Date.now()
    this.renewTimer = setTimeout(() => this.lost(3003), Math.min(Math.max(wait, 0), setTimeoutMaxMs))
  }
}
