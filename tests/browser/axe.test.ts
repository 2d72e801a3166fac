// Every screen in both themes, three languages and two widths: no accessibility violation, nothing scrolls sideways.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { languages, themes, violations } from './axe'
import { desktop, launch, phone, settle, shoot, sideways, watch } from './browser'
import { Client, startStoa, type Stoa } from './stoa'

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
  it.concurrent.each(screens)('$name has no violation', { timeout: 240_000 }, async (screen) => {
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
