// Chromium for the tests: every page reports foreign requests, page errors and horizontal scrolling.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page, type Request } from 'playwright-core'
import { until } from './stoa'

const out = fileURLToPath(new URL('./out/', import.meta.url))
mkdirSync(out, { recursive: true })

export const phone = { width: 390, height: 844 }
export const desktop = { width: 1280, height: 800 }

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  })

export interface Watched {
  context: BrowserContext
  /** Requests that left for another host. Must stay empty. */
  foreign: string[]
  /** Uncaught errors of the page and refusals of the content security policy. Must stay empty. */
  errors: string[]
}

export async function watch(browser: Browser, base: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ baseURL: base, viewport: desktop, locale: 'en-US', reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(10_000)
  const foreign: string[] = []
  const errors: string[] = []
  context.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.origin !== base) foreign.push(request.url())
  })
  context.on('page', (page) => {
    const running = new Set<Request>()
    underWay.set(page, running)
    page.on('request', (request) => running.add(request))
    page.on('requestfinished', (request) => running.delete(request))
    page.on('requestfailed', (request) => running.delete(request))
    page.on('framenavigated', () => running.clear())
  })
  context.on('weberror', (error) => errors.push(String(error.error())))
  context.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Unhandled/.test(message.text())) errors.push(message.text())
  })
  return { context, foreign, errors }
}

const underWay = new WeakMap<Page, Set<Request>>()

/** Until no request is under way, nothing on the page says that it is busy, and no animation runs. */
export async function settle(page: Page): Promise<void> {
  let quietSince = Date.now()
  await until('the page is quiet', async () => {
    if ((underWay.get(page)?.size ?? 0) > 0) quietSince = Date.now()
    return Date.now() - quietSince >= 120
  })
  await page.waitForFunction(() => !document.querySelector('[aria-busy=true]') && !!document.querySelector('main, [role=dialog]'))
  await page.evaluate(async () => {
    await document.fonts.ready
    await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined)))
  })
}

export const shoot = (page: Page, name: string, fullPage = false) => page.screenshot({ path: `${out}${name}.png`, fullPage })

export const sideways = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
