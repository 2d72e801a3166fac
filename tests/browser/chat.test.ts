// Two people at once: what one writes the other sees without a reload, with and without a live connection.
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { violations, violationsEverywhere } from './axe'
import { launch, settle, shoot, sideways } from './browser'
import { administrator, employee, person, type Person } from './people'
import { startStoa, until, type Stoa } from './stoa'

let stoa: Stoa
let browser: Browser
let ada: Person
let nora: Person

beforeAll(async () => {
  stoa = await startStoa({ demo: false })
  browser = await launch()
  const admin = await administrator(stoa)
  ada = await person(browser, stoa, admin)
  nora = await person(browser, stoa, await employee(stoa, admin, 'Nora'))
})

afterAll(async () => {
  await browser?.close()
  await stoa?.stop()
})

const field = (page: Page): Locator => page.locator('[data-composer]')
const message = (page: Page, text: string): Locator => page.locator('[data-message]').filter({ hasText: text })
const open = async ({ page }: Person, dialogId: number | string) => {
  await page.goto(`/chat/${dialogId}`)
  await field(page).waitFor()
  await settle(page)
}
const write = async ({ page }: Person, text: string) => {
  await field(page).fill(text)
  await page.keyboard.press('Enter')
}
const history = async (by: Person, dialogId: number | string) =>
  (await by.client.rest<{ messages: { id: number; text: string }[] }>('im.dialog.messages.get', { DIALOG_ID: dialogId, LIMIT: 50 })).messages
/** Whoever is elsewhere does not read. */
const elsewhere = async ({ page }: Person) => {
  await page.goto('/tasks')
  await settle(page)
}

it('brings a message to the other side without a reload, and counts it', async () => {
  await elsewhere(nora)
  await open(ada, nora.id)
  await write(ada, 'Hello Nora')
  await message(ada.page, 'Hello Nora').waitFor()
  await nora.page.locator('[data-unread-chats]').getByText('1', { exact: true }).waitFor()
  await until('the tab says so', async () => (await nora.page.title()).startsWith('(1) '))
  await shoot(nora.page, 'chat-badge')
  await nora.page.getByRole('link', { name: /^Chat/ }).first().click()
  await nora.page.locator(`[data-chat="${ada.id}"]`).getByText('Hello Nora').waitFor()
  await settle(nora.page)
  await shoot(nora.page, 'chat-list')
  await nora.page.locator(`[data-chat="${ada.id}"]`).click()
  await message(nora.page, 'Hello Nora').waitFor()
})

it('shows that it was read, and takes the badge away', async () => {
  await message(ada.page, 'Hello Nora').locator('[data-state=read]').waitFor()
  await nora.page.locator('[data-unread-chats]').waitFor({ state: 'detached' })
  await until('the tab is calm', async () => !(await nora.page.title()).startsWith('('))
})

it('shows who is typing', async () => {
  await field(nora.page).pressSequentially('I am')
  await ada.page.getByText('Nora is typing…').waitFor()
  await shoot(ada.page, 'chat-typing')
  await field(nora.page).fill('I am here')
  await nora.page.keyboard.press('Enter')
  await message(ada.page, 'I am here').waitFor()
  await ada.page.getByText('Nora is typing…').waitFor({ state: 'detached' })
})

it('replies, reacts, changes and deletes, for both', async () => {
  await message(nora.page, 'Hello Nora').hover()
  await message(nora.page, 'Hello Nora').getByRole('button', { name: 'Like', exact: true }).click()
  await message(ada.page, 'Hello Nora').getByRole('button', { name: 'Liked by Nora New' }).waitFor()

  await message(nora.page, 'Hello Nora').hover()
  await message(nora.page, 'Hello Nora').getByRole('button', { name: 'Reply' }).click()
  await write(nora, 'Good morning')
  await message(ada.page, 'Good morning').getByText('Hello Nora').waitFor()

  await field(nora.page).press('ArrowUp')
  expect(await field(nora.page).inputValue()).toBe('Good morning')
  await write(nora, 'Good evening')
  await message(ada.page, 'Good evening').getByText('edited').waitFor()

  // By keyboard: from the field back to the list, the menu of the last message.
  await message(nora.page, 'Good evening').focus()
  await nora.page.keyboard.press('Enter')
  await nora.page.getByRole('menuitem', { name: 'Delete' }).click()
  await nora.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await ada.page.getByText('Message deleted').first().waitFor()
  await settle(ada.page)
  await shoot(ada.page, 'chat')
})

it('takes other reactions than a like, one of each person', async () => {
  await message(nora.page, 'Hello Nora').hover()
  await message(nora.page, 'Hello Nora').getByRole('button', { name: 'React' }).click()
  await nora.page.getByRole('group', { name: 'React' }).getByRole('button', { name: 'Funny' }).click()
  await message(ada.page, 'Hello Nora').getByRole('button', { name: 'Funny: Nora New' }).waitFor()
  await message(ada.page, 'Hello Nora').getByRole('button', { name: 'Liked by Nora New' }).waitFor({ state: 'detached' })

  // By keyboard: the menu of the message, its list of reactions.
  await message(ada.page, 'Hello Nora').focus()
  await ada.page.keyboard.press('Enter')
  await ada.page.getByRole('menuitem', { name: 'React' }).focus()
  await ada.page.keyboard.press('ArrowRight')
  await ada.page.getByRole('menuitemcheckbox', { name: 'Surprised' }).click()
  await message(nora.page, 'Hello Nora').getByRole('button', { name: 'Surprised: Ada Admin' }).waitFor()
  await shoot(nora.page, 'chat-reactions')
})

it('finds a message of the chat by its text and goes there', async () => {
  await nora.page.getByRole('button', { name: 'Search in this chat' }).click()
  const search = nora.page.getByRole('searchbox', { name: 'Search in this chat' })
  await search.pressSequentially('HELLO no')
  const hit = nora.page.locator('[data-hit]')
  await hit.filter({ hasText: 'Hello Nora' }).waitFor()
  expect(await hit.count()).toBe(1)
  await shoot(nora.page, 'chat-search')
  expect(await violations(nora.page)).toEqual([])
  await search.fill('no such words')
  await nora.page.getByText('Nothing found').first().waitFor()
  await search.fill('hello')
  await hit.filter({ hasText: 'Hello Nora' }).focus()
  await nora.page.keyboard.press('Enter')
  await until('the message has the keyboard', () => message(nora.page, 'Hello Nora').evaluate((item) => item === document.activeElement))
  await nora.page.getByRole('button', { name: 'Search in this chat' }).click()
  await nora.page.keyboard.press('Escape')
  await search.waitFor({ state: 'detached' })
})

it('sends what was written offline, once', async () => {
  await ada.watched.context.setOffline(true)
  await write(ada, 'Written in the dark')
  await message(ada.page, 'Written in the dark').locator('[data-state=waiting]').waitFor()
  await ada.page.getByText(/Saving is paused, retrying/).waitFor()
  await shoot(ada.page, 'chat-offline')
  await ada.watched.context.setOffline(false)
  await message(nora.page, 'Written in the dark').waitFor()
  await message(ada.page, 'Written in the dark').locator('[data-state=waiting]').waitFor({ state: 'detached' })
  expect((await history(ada, nora.id)).filter(({ text }) => text === 'Written in the dark')).toHaveLength(1)
  expect(await message(ada.page, 'Written in the dark').count()).toBe(1)
})

it('keeps a draft for each chat', async () => {
  await field(ada.page).fill('Not finished')
  await ada.page.reload()
  await field(ada.page).waitFor()
  expect(await field(ada.page).inputValue()).toBe('Not finished')
  await field(ada.page).fill('')
})

it('works on the database alone when the push server cannot be reached', async () => {
  await nora.page.routeWebSocket(/\/push\/ws/, (socket) => void socket.close())
  await open(nora, ada.id)
  await nora.page.getByText('Reconnecting…').first().waitFor()
  await shoot(nora.page, 'chat-slow')
  await write(ada, 'Slower, but there')
  await message(nora.page, 'Slower, but there').waitFor()
  await write(nora, 'So is this')
  await message(ada.page, 'So is this').waitFor()
  await nora.page.close()
  nora.page = await nora.watched.context.newPage()
})

it('begins a group, mentions somebody, and tells who came', async () => {
  await elsewhere(nora)
  await ada.page.goto('/chat')
  await settle(ada.page)
  await ada.page.getByRole('button', { name: 'New chat' }).first().click()
  await ada.page.getByRole('checkbox', { name: /Nora New/ }).check()
  await ada.page.getByLabel('Name of the chat').fill('Olive harvest')
  await settle(ada.page)
  await shoot(ada.page, 'chat-new')
  await ada.page.getByRole('button', { name: 'Create group' }).click()
  await ada.page.waitForURL(/\/chat\/chat\d+$/)
  await field(ada.page).pressSequentially('@nor')
  await ada.page.getByRole('option', { name: 'Nora New' }).waitFor()
  await ada.page.keyboard.press('Enter')
  await field(ada.page).pressSequentially('are you in?')
  await ada.page.keyboard.press('Enter')
  const dialogId = new URL(ada.page.url()).pathname.split('/').at(-1)!
  await until('the mention is one', async () => (await history(ada, dialogId)).some(({ text }) => text === `[USER=${nora.id}]Nora New[/USER] are you in?`))
  await nora.page.getByRole('link', { name: /^Chat/ }).first().click()
  await nora.page.locator(`[data-chat="${dialogId}"]`).click()
  await message(nora.page, 'are you in?').waitFor()
  await ada.page.getByRole('button', { name: 'Members', exact: true }).click()
  await ada.page.getByRole('dialog').getByText('2 members').waitFor()
  await settle(ada.page)
  await shoot(ada.page, 'chat-members')
  expect(await violations(ada.page)).toEqual([])
  await ada.page.keyboard.press('Escape')
  await ada.page.getByRole('dialog').waitFor({ state: 'detached' })
})

it('sends a file that the other side can fetch', async () => {
  const [chooser] = await Promise.all([ada.page.waitForEvent('filechooser'), ada.page.getByRole('button', { name: 'Attach files' }).click()])
  await chooser.setFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') })
  await until('it is there', async () => (await ada.page.getByRole('button', { name: 'Send' }).isEnabled()))
  await write(ada, 'The plan')
  const card = message(nora.page, 'The plan').getByRole('link', { name: /plan\.txt/ })
  await card.waitFor()
  const answer = await nora.watched.context.request.get((await card.getAttribute('href'))!)
  expect(await answer.text()).toBe('the plan')
})

it('rings the bell', async () => {
  const { url } = await ada.client.send<{ url: string }>('/api/webhooks', { title: 'Bell', scopes: ['im'] })
  await elsewhere(nora)
  const told = await fetch(`${url.replace(/\/?$/, '/')}im.notify.personal.add`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ USER_ID: nora.id, MESSAGE: 'The olives are [b]ripe[/b]' }),
  })
  expect(told.status).toBe(200)
  await nora.page.getByRole('button', { name: /^Notifications 1 unread/ }).click()
  await nora.page.getByRole('article').getByText('The olives are ripe').waitFor()
  await settle(nora.page)
  await shoot(nora.page, 'bell')
  expect(await violations(nora.page)).toEqual([])
  await nora.page.getByRole('button', { name: 'Mark all as read' }).click()
  await nora.page.getByRole('button', { name: 'Notifications', exact: true }).waitFor({ state: 'attached' })
})

it('has no accessibility violation and nothing scrolls sideways', { timeout: 120_000 }, async () => {
  for (const [path, name] of [['/chat', 'chat'], [`/chat/${ada.id}`, 'chat-open']] as const) {
    expect(await violationsEverywhere(nora.page, nora.client, path, name)).toEqual([])
  }
})

it('stays light with many messages, and keeps the place while older ones come', async () => {
  const texts = Array.from({ length: 300 }, (_, n) => `Line ${n}`)
  for (let at = 0; at < texts.length; at += 50) {
    const cmd = Object.fromEntries(texts.slice(at, at + 50).map((text, n) => [`m${n}`, `im.message.add?DIALOG_ID=${nora.id}&MESSAGE=${encodeURIComponent(text)}`]))
    await ada.client.rest('batch', { halt: 0, cmd })
  }
  await open(ada, nora.id)
  await message(ada.page, 'Line 299').waitFor()
  const scroller = ada.page.getByRole('region', { name: 'Messages' })
  for (let turn = 0; turn < 12; turn++) {
    await scroller.evaluate((box) => (box.scrollTop = 900))
    await settle(ada.page)
    const first = await scroller.evaluate((box) => {
      const top = box.getBoundingClientRect().top
      const item = [...box.querySelectorAll<HTMLElement>('[data-key]')].find((one) => one.getBoundingClientRect().bottom > top)!
      return { key: item.dataset.key!, offset: item.getBoundingClientRect().top - top }
    })
    await scroller.evaluate((box) => (box.scrollTop -= 200))
    await settle(ada.page)
    const offset = await scroller.evaluate((box, key) => box.querySelector(`[data-key="${key}"]`)!.getBoundingClientRect().top - box.getBoundingClientRect().top, first.key)
    expect(Math.abs(offset - first.offset - 200)).toBeLessThan(3)
  }
  expect(await ada.page.locator('[data-message]').count()).toBeLessThanOrEqual(240)
  await ada.page.getByRole('button', { name: 'To the newest' }).click()
  await message(ada.page, 'Line 299').waitFor()
})

it('never talked to another host and raised no error', () => {
  for (const { watched } of [ada, nora]) {
    expect(watched.foreign).toEqual([])
    expect(watched.errors).toEqual([])
  }
})
