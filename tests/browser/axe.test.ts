// Every screen in both themes, three languages and two widths: no accessibility violation, nothing scrolls sideways.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { desktop, launch, phone, settle, shoot, sideways, watch } from './browser'
import { Client, startStoa, type Stoa } from './stoa'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const languages = ['en', 'de', 'ru'] as const
const themes = ['light', 'dark'] as const

let stoa: Stoa
let browser: Browser
let client: Client
let dealId = ''
let taskId = ''
let invitation = ''

beforeAll(async () => {
  stoa = await startStoa()
  browser = await launch()
  client = await Client.fromLink(stoa, 'correct horse battery')
  const [deal] = await client.rest<{ ID: string }[]>('crm.deal.list', { order: { ID: 'DESC' }, select: ['ID'], start: -1 })
  dealId = deal?.ID ?? ''
  await client.rest('crm.timeline.comment.add', { fields: { ENTITY_ID: dealId, ENTITY_TYPE: 'deal', COMMENT: 'Hello' } })
  const { task } = await client.rest<{ task: { id: string } }>('tasks.task.add', { fields: { TITLE: 'Look at it', RESPONSIBLE_ID: 1, PRIORITY: 2 } })
  taskId = task.id
  await client.rest('task.checklistitem.add', { TASKID: Number(taskId), FIELDS: { TITLE: 'One' } })
  await client.send('/api/webhooks', { title: 'Website form', scopes: ['crm'] })
  const { link } = await client.send<{ link: string }>('/api/invite', { email: 'new@example.org', name: 'Nora', lastName: 'New', role: 'employee' })
  invitation = new URL(link, stoa.url).pathname
})

afterAll(async () => {
  await browser?.close()
  await stoa?.stop()
})

interface Violation {
  id: string
  nodes: { target: string[]; failureSummary: string }[]
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (root: Node, options: object) => Promise<{ violations: Violation[] }> } }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    // An open layer hides the page below from everybody; that page is a screen of its own here.
    const root = [...document.querySelectorAll('[role=dialog][data-state=open]')].at(-1) ?? document
    return (await axe.run(root, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })).violations
  })
  return found.flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')} ${node.failureSummary}`))
}

interface Screen {
  name: string
  path: () => string
  guest?: boolean
  prepare?: (page: Page) => Promise<void>
}

const screens: Screen[] = [
  { name: 'login', path: () => '/login', guest: true },
  { name: 'invite', path: () => invitation, guest: true },
  { name: 'welcome', path: () => '/welcome' },
  { name: 'board', path: () => '/crm/deals' },
  { name: 'list', path: () => '/crm/deals/list' },
  { name: 'filter', path: () => '/crm/deals/list', prepare: (page) => page.locator('main header button:has(.i-lucide-list-filter), main header button[aria-haspopup=dialog]').first().click() },
  { name: 'deal', path: () => `/crm/deals/${dealId}` },
  { name: 'tasks', path: () => '/tasks' },
  { name: 'task-new', path: () => '/tasks/new' },
  { name: 'task', path: () => `/tasks/${taskId}` },
  { name: 'webhooks', path: () => '/settings/webhooks' },
  { name: 'webhook-new', path: () => '/settings/webhooks', prepare: (page) => page.locator('main header button').last().click() },
  { name: 'palette', path: () => '/tasks', prepare: (page) => page.keyboard.press('Control+k') },
  { name: 'shortcuts', path: () => '/tasks', prepare: (page) => page.keyboard.press('?') },
  { name: 'not-found', path: () => '/nowhere' },
]

describe.each(languages)('in %s', (language) => {
  it.concurrent.each(screens)('$name has no violation', { timeout: 60_000 }, async (screen) => {
    await client.send('/api/profile', { language })
    const watched = await watch(browser, stoa.url, { locale: language })
    if (!screen.guest) await watched.context.addCookies([{ ...client.cookie, url: stoa.url }])
    const page = await watched.context.newPage()
    const found: string[] = []
    await page.goto(screen.path())
    await settle(page)
    await screen.prepare?.(page)
    for (const viewport of [desktop, phone]) {
      await page.setViewportSize(viewport)
      for (const colorScheme of themes) {
        await page.emulateMedia({ colorScheme })
        // Cards out of view keep the style of the former theme until they are shown: load them in the theme that is looked at.
        if (screen.name === 'board') {
          await page.reload()
          await settle(page)
          await screen.prepare?.(page)
        }
        await settle(page)
        const name = `${screen.name}-${viewport.width}-${colorScheme}-${language}`
        found.push(...(await violations(page)).map((text) => `${name}: ${text}`))
        const over = await sideways(page)
        if (over > 0) found.push(`${name}: scrolls sideways by ${over}px`)
        if (language === 'en' || screen.name === 'board') await shoot(page, name)
      }
    }
    await watched.context.close()
    expect(found).toEqual([])
    expect(watched.foreign).toEqual([])
    expect(watched.errors).toEqual([])
  })
})
