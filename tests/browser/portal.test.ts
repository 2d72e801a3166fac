// One working day in the portal, step by step in a real browser against the real program.
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { desktop, launch, phone, settle, shoot, sideways, watch, type Watched } from './browser'
import { Client, startStoa, until, type Stoa } from './stoa'

const password = 'correct horse battery'
let stoa: Stoa
let browser: Browser
let watched: Watched
let page: Page
let client: Client
let email = ''

interface Deal {
  ID: string
  TITLE: string
  STAGE_ID: string
  OPPORTUNITY: string
}

beforeAll(async () => {
  stoa = await startStoa()
  browser = await launch()
  watched = await watch(browser, stoa.url, { locale: 'de-DE', timezoneId: 'Europe/Berlin' })
  page = await watched.context.newPage()
})

afterAll(async () => {
  await browser?.close()
  await stoa?.stop()
})

const deal = (id: string) => client.rest<Deal>('crm.deal.get', { id })
const newDeal = async (title: string, stage = 'NEW'): Promise<string> =>
  String(await client.rest<number>('crm.deal.add', { fields: { TITLE: title, STAGE_ID: stage, OPPORTUNITY: 1500, CURRENCY_ID: 'EUR' } }))
const column = (index: number): Locator => page.locator('[data-stage]').nth(index)
const stageOf = async (index: number): Promise<string> => (await column(index).getAttribute('data-stage')) ?? ''

it('leads from the one-time link through the first steps to the board', async () => {
  await page.goto(`/link/${stoa.token}`)
  await page.locator('#name').fill('Ada')
  await page.locator('#lastName').fill('Admin')
  expect(await page.locator('#language').inputValue()).toBe('de')
  expect(await page.locator('#timeZone').inputValue()).toBe('Europe/Berlin')
  expect(await page.locator('#currency').inputValue()).toBe('EUR')
  await page.locator('#password').fill('kurz')
  await page.getByRole('button', { name: 'Portal öffnen' }).click()
  await page.getByText('Das Passwort braucht mindestens 8 Zeichen.').waitFor()
  await page.locator('#language').selectOption('en')
  email = (await page.locator('input[type=email]').inputValue()) || email
  await page.locator('#password').fill(password)
  await page.getByRole('button', { name: 'Open the portal' }).click()

  await page.waitForURL('**/welcome')
  await page.getByRole('heading', { name: /Welcome, Ada/ }).waitFor()
  await page.locator('[data-step=invite]').getByRole('button', { name: /^Skip/ }).click()
  await page.locator('[data-step=invite]').getByText('Skip').waitFor({ state: 'detached' })
  await shoot(page, 'welcome')
  await page.getByRole('button', { name: 'Go to the deals' }).click()
  await page.waitForURL('**/crm/deals')
  await column(0).waitFor()
  await settle(page)
  expect(await page.locator('[data-deal]').count()).toBeGreaterThan(3)
  await shoot(page, 'board')

  const [cookie] = await watched.context.cookies()
  expect(cookie?.httpOnly).toBe(true)
  client = await Client.login(stoa, email, password)
})

it('refuses the used link', async () => {
  const other = await watch(browser, stoa.url)
  const visitor = await other.context.newPage()
  await visitor.goto(`/link/${stoa.token}`)
  await visitor.getByRole('heading', { name: 'This link no longer works' }).waitFor()
  await other.context.close()
})

it('tells a wrong password without saying which part was wrong', async () => {
  const other = await watch(browser, stoa.url)
  const visitor = await other.context.newPage()
  await visitor.goto('/crm/deals?q=roof')
  await visitor.waitForURL(/\/login\?next=/)
  await visitor.locator('#email').fill(email)
  await visitor.locator('#password').fill('not the password')
  await visitor.getByRole('button', { name: 'Sign in' }).click()
  await visitor.getByRole('alert').getByText('Email or password is wrong.').waitFor()
  await visitor.locator('#password').fill(password)
  await visitor.getByRole('button', { name: 'Sign in' }).click()
  await visitor.waitForURL(/\/crm\/deals\?q=roof$/)
  await other.context.close()
})

it('moves a deal by mouse', async () => {
  const id = await newDeal('Drag me by mouse')
  await page.reload()
  await settle(page)
  const card = page.locator(`[data-deal="${id}"]`)
  const from = (await card.boundingBox())!
  const to = (await column(1).boundingBox())!
  await page.mouse.move(from.x + 30, from.y + 8)
  await page.mouse.down()
  await page.mouse.move(from.x + 60, from.y + 30, { steps: 4 })
  await page.mouse.move(to.x + to.width / 2, to.y + 160, { steps: 12 })
  await page.mouse.up()
  await column(1).locator(`[data-deal="${id}"]`).waitFor()
  const target = await stageOf(1)
  await until('the server has the new stage', async () => (await deal(id)).STAGE_ID === target)
  // Undo from the toast.
  await page.getByRole('button', { name: 'Undo' }).click()
  await until('the server has the old stage again', async () => (await deal(id)).STAGE_ID === 'NEW')
})

it('shows without a reload what is made, changed, moved and deleted elsewhere', async () => {
  const id = await newDeal('Made elsewhere')
  await column(0).locator(`[data-deal="${id}"]`).waitFor()
  await client.rest('crm.deal.update', { id, fields: { STAGE_ID: await stageOf(1), TITLE: 'Moved elsewhere' } })
  await column(1).locator(`[data-deal="${id}"]`).getByText('Moved elsewhere').waitFor()
  await client.rest('crm.deal.delete', { id })
  await page.locator(`[data-deal="${id}"]`).waitFor({ state: 'detached' })
})

it('moves a deal by keyboard, and Escape puts it back', async () => {
  const id = await newDeal('Carry me by keyboard')
  await page.reload()
  await settle(page)
  const card = page.locator(`[data-deal="${id}"]`)
  await card.focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowRight')
  await column(1).locator(`[data-deal="${id}"]`).waitFor()
  await page.keyboard.press('Escape')
  await column(0).locator(`[data-deal="${id}"]`).waitFor()
  expect((await deal(id)).STAGE_ID).toBe('NEW')

  await until('focus is back on the card', async () => (await page.evaluate(() => (document.activeElement as HTMLElement)?.dataset.deal)) === id)
  await page.keyboard.press('Space')
  await page.locator('[aria-live=assertive]').getByText(/Lifted Carry me by keyboard/).waitFor({ state: 'attached' })
  await page.keyboard.press('ArrowRight')
  await column(1).locator(`[data-deal="${id}"]:focus`).waitFor()
  await page.keyboard.press('ArrowRight')
  await column(2).locator(`[data-deal="${id}"]:focus`).waitFor()
  await page.keyboard.press('Space')
  const target = await stageOf(2)
  await until('the server has the new stage', async () => (await deal(id)).STAGE_ID === target)
})

it('moves a deal by the menu', async () => {
  const id = await newDeal('Move me by menu')
  await page.reload()
  await settle(page)
  await page.locator(`[data-deal="${id}"]`).hover()
  await page.getByRole('button', { name: 'Move “Move me by menu”' }).click()
  const name = (await column(1).locator('h2').textContent()) ?? ''
  await page.getByRole('menuitem', { name }).click()
  const target = await stageOf(1)
  await until('the server has the new stage', async () => (await deal(id)).STAGE_ID === target)
})

it('adds deals in the column and counts them', async () => {
  const before = Number((await column(0).locator('[data-count]').textContent())?.replace(/\D/g, ''))
  await column(0).getByRole('button', { name: /^Add a deal/ }).click()
  await page.getByLabel('Name of the deal').fill('Quick one')
  await page.getByRole('spinbutton', { name: 'Amount' }).fill('420')
  await page.keyboard.press('Enter')
  await column(0).getByText('Quick one').waitFor()
  const found = await until('the server has the deal', async () => {
    const deals = await client.rest<Deal[]>('crm.deal.list', { filter: { '%TITLE': 'Quick one' }, select: ['ID', 'TITLE', 'STAGE_ID', 'OPPORTUNITY'] })
    return deals[0]
  })
  expect(Number(found.OPPORTUNITY)).toBe(420)
  expect(found.STAGE_ID).toBe(await stageOf(0))
  await until('the column counts it', async () => Number((await column(0).locator('[data-count]').textContent())?.replace(/\D/g, '')) === before + 1)
  await page.keyboard.press('Escape')
})

it('keeps the filter of the list in the address', async () => {
  await newDeal('Needle in the haystack')
  await page.goto('/crm/deals/list')
  await settle(page)
  await page.getByRole('searchbox').fill('Needle')
  await page.waitForURL(/q=Needle/)
  await until('one row is left', async () => (await page.locator('tbody tr:not([aria-hidden])').count()) === 1)
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.getByPlaceholder('At least').fill('2000')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('No deal matches').waitFor()
  await page.reload()
  await page.getByText('No deal matches').waitFor()
  await page.getByRole('button', { name: 'Clear' }).click()
  await until('rows are back', async () => (await page.locator('tbody tr:not([aria-hidden])').count()) > 3)
  await page.getByRole('button', { name: 'Amount' }).click()
  await page.waitForURL(/sort=-OPPORTUNITY/)
  await settle(page)
  await shoot(page, 'list')
})

it('edits the card in place and writes a comment', async () => {
  const id = await newDeal('Edit me')
  await page.goto(`/crm/deals/${id}`)
  const card = page.getByRole('dialog')
  await card.getByRole('button', { name: /^Name: Edit me/ }).click()
  await card.getByRole('textbox', { name: 'Name' }).fill('Edited')
  await page.keyboard.press('Enter')
  await until('the server has the name', async () => (await deal(id)).TITLE === 'Edited')
  await card.getByRole('button', { name: /^Amount:/ }).click()
  await card.getByRole('spinbutton', { name: 'Amount' }).fill('2750.50')
  await page.keyboard.press('Enter')
  await until('the server has the amount', async () => Number((await deal(id)).OPPORTUNITY) === 2750.5)
  // Escape leaves the field, not the card.
  await card.getByRole('button', { name: /^Close date:/ }).click()
  await page.keyboard.press('Escape')
  await card.getByRole('button', { name: /^Close date:/ }).waitFor()

  await card.getByRole('textbox', { name: 'Write a comment' }).fill('First line\nsecond line')
  await page.keyboard.press('Control+Enter')
  await card.locator('ol').getByText('second line').waitFor()
  const comments = await client.rest<{ COMMENT: string }[]>('crm.timeline.comment.list', { filter: { ENTITY_ID: id, ENTITY_TYPE: 'deal' } })
  expect(comments.map((comment) => comment.COMMENT)).toContain('First line\nsecond line')
  await settle(page)
  await shoot(page, 'card')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await card.waitFor({ state: 'detached' })
  expect(new URL(page.url()).pathname).toMatch(/^\/crm\/deals/)
})

it('deletes a deal after asking', async () => {
  const id = await newDeal('Delete me')
  await page.goto(`/crm/deals/${id}`)
  await page.getByRole('button', { name: 'Delete deal' }).click()
  await page.getByRole('dialog', { name: 'Delete this deal?' }).getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').first().waitFor({ state: 'detached' })
  await until('the server no longer has it', async () => {
    const left = await client.rest<Deal[]>('crm.deal.list', { filter: { ID: id }, select: ['ID'] })
    return left.length === 0
  })
})

it('creates and completes a task', async () => {
  await page.goto('/tasks')
  await settle(page)
  await page.keyboard.press('c')
  await page.locator('#task-title').fill('Water the olive tree')
  await page.locator('#task-description').fill('Twice a week')
  await page.locator('#task-deadline').fill('2031-05-04T10:30')
  await page.getByRole('textbox', { name: 'Add an item' }).fill('Fill the can')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Create task' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Water the olive tree' }).click()
  const card = page.getByRole('dialog')
  await card.getByText('Fill the can').waitFor()
  await card.getByRole('checkbox', { name: 'Fill the can' }).check()
  const id = new URL(page.url()).pathname.split('/').pop()
  await until('the item is ticked on the server', async () => {
    const items = await client.rest<{ TITLE: string; IS_COMPLETE: string }[]>('task.checklistitem.getlist', { TASKID: id })
    return items.some((item) => item.TITLE === 'Fill the can' && item.IS_COMPLETE === 'Y')
  })
  const status = async () => (await client.rest<{ task: { status: string; deadline: string } }>('tasks.task.get', { taskId: id })).task
  expect(Date.parse((await status()).deadline)).toBe(Date.parse('2031-05-04T10:30:00+02:00'))
  await card.getByRole('button', { name: 'Start' }).click()
  await until('the task is in progress', async () => (await status()).status === '3')
  await card.getByRole('button', { name: 'Complete' }).click()
  await until('the task is done', async () => (await status()).status === '5')
  await card.getByRole('textbox', { name: 'Write a comment' }).fill('Done for today')
  await page.keyboard.press('Control+Enter')
  await card.locator('ol').getByText('Done for today').waitFor()
  await settle(page)
  await shoot(page, 'task')
})

it('creates a webhook whose address works by plain HTTP, and revokes it', async () => {
  await page.goto('/settings/webhooks')
  await settle(page)
  await page.getByRole('button', { name: 'New webhook' }).first().click()
  await page.locator('#webhook-title').fill('Website form')
  await page.getByRole('checkbox', { name: /^crm/ }).check()
  await page.getByRole('button', { name: 'Create webhook' }).click()
  const url = (await page.getByRole('textbox', { name: 'Webhook address' }).textContent())?.trim() ?? ''
  await settle(page)
  await shoot(page, 'webhook')
  expect(url).toMatch(/^http/)
  const call = () => fetch(`${url.replace(/\/?$/, '/')}crm.deal.list`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"start":-1}' })
  const answer = await call()
  expect(answer.status).toBe(200)
  expect(((await answer.json()) as { result: unknown[] }).result.length).toBeGreaterThan(0)
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'Revoke Website form' }).last().click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await until('the address no longer works', async () => (await call()).status === 401)
})

it('finds deals and tasks from the palette', async () => {
  await newDeal('Palette treasure')
  await page.goto('/crm/deals')
  await settle(page)
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').locator('input').fill('treasure')
  await page.getByRole('option', { name: /Palette treasure/ }).click()
  await page.waitForURL(/\/crm\/deals\/\d+/)
})

it('queues writes while the server is away and delivers them once', async () => {
  const id = await newDeal('Survivor')
  await page.goto(`/crm/deals/${id}`)
  const card = page.getByRole('dialog')
  await card.getByRole('button', { name: /^Name: Survivor/ }).waitFor()
  await watched.context.setOffline(true)
  await card.getByRole('textbox', { name: 'Write a comment' }).fill('Written in the dark')
  await page.keyboard.press('Control+Enter')
  await page.getByText(/Saving is paused, retrying/).waitFor()
  await page.getByText('Retry now').click({ trial: true })
  await shoot(page, 'paused')
  await watched.context.setOffline(false)
  await card.locator('ol').getByText('Written in the dark').waitFor()
  const comments = await client.rest<{ COMMENT: string }[]>('crm.timeline.comment.list', { filter: { ENTITY_ID: id, ENTITY_TYPE: 'deal' } })
  expect(comments.filter((comment) => comment.COMMENT === 'Written in the dark')).toHaveLength(1)
})

it('works on a phone: tabs, no sideways page scroll, large targets', async () => {
  await page.setViewportSize(phone)
  for (const path of ['/crm/deals', '/crm/deals/list', '/tasks', '/settings/webhooks', '/welcome']) {
    await page.goto(path)
    await settle(page)
    expect(await sideways(page), path).toBeLessThanOrEqual(0)
    const small = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button, select, nav a, input:not([type=checkbox])')]
        .filter((element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true }))
        .map((element) => ({ box: element.getBoundingClientRect(), name: element.getAttribute('aria-label') ?? element.textContent ?? '' }))
        .filter(({ box }) => box.width > 1 && (box.height < 43.5 || box.width < 43.5))
        .map(({ box, name }) => `${name.trim()} ${box.width}×${box.height}`),
    )
    expect(small, path).toEqual([])
    await shoot(page, `phone${path.replaceAll('/', '-')}`)
  }
  await page.goto('/crm/deals')
  await settle(page)
  await page.locator('main button').filter({ hasText: await column(1).locator('h2').textContent() ?? '' }).first().click()
  await until('the second stage is in view', async () => {
    const box = await column(1).boundingBox()
    return box && box.x >= 0 && box.x < 60
  })
  await page.setViewportSize(desktop)
})

it('never talked to another host and raised no error', () => {
  expect(watched.foreign).toEqual([])
  expect(watched.errors).toEqual([])
})
