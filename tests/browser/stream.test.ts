// The activity stream with two people at once: who sees what, and that it comes without a reload, once.
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
  ;[stoa, browser] = await Promise.all([startStoa({ demo: false }), launch()])
  const admin = await administrator(stoa)
  ada = await person(browser, stoa, admin)
  nora = await person(browser, stoa, await employee(stoa, admin, 'Nora'))
  const sales = await ada.client.rest<number>('department.add', { NAME: 'Sales', PARENT: 1 })
  await ada.client.rest('department.add', { NAME: 'Kitchen', PARENT: 1 })
  await ada.client.rest('user.update', { ID: nora.id, UF_DEPARTMENT: [sales] })
})

afterAll(async () => {
  await browser?.close()
  await stoa?.stop()
})

const post = (page: Page, text: string): Locator => page.locator('[data-post]').filter({ hasText: text })
const comment = (page: Page, text: string): Locator => page.locator('[data-comment]').filter({ hasText: text })
const composer = (page: Page): Locator => page.locator('[data-composer-post] textarea')
const open = async ({ page }: Person) => {
  await page.goto('/stream')
  await composer(page).waitFor()
  await settle(page)
}
const write = async ({ page }: Person, text: string) => {
  await composer(page).fill(text)
  await page.keyboard.press('Control+Enter')
}
/** Which recipients are chosen, by keyboard alone. */
const address = async ({ page }: Person, name: string) => {
  await page.locator('[data-recipients]').focus()
  await page.keyboard.press('Enter')
  const choice = page.getByRole('checkbox', { name, exact: true })
  await choice.waitFor()
  await choice.focus()
  await page.keyboard.press('Space')
  await page.getByRole('checkbox', { name, exact: true, checked: true }).waitFor()
  await page.keyboard.press('Escape')
  await page.locator('[data-recipients]').getByText(name).waitFor()
}
const seenBy = async (by: Person) => (await by.client.rest<{ DETAIL_TEXT: string }[]>('log.blogpost.get', { start: -1 })).map((one) => one.DETAIL_TEXT)

it('brings a post for everybody to the other side without a reload, and counts it', async () => {
  await nora.page.goto('/tasks')
  await settle(nora.page)
  await open(ada)
  await shoot(ada.page, 'stream-empty')
  await composer(ada.page).pressSequentially('Hello @nor')
  await ada.page.getByRole('option', { name: 'Nora New' }).waitFor()
  await ada.page.keyboard.press('Enter')
  await composer(ada.page).pressSequentially('and all')
  await ada.page.keyboard.press('Control+Enter')
  await post(ada.page, 'Hello Nora New and all').waitFor()
  await nora.page.locator('[data-unread-posts]').getByText('1', { exact: true }).waitFor()
  await nora.page.getByRole('link', { name: /^Stream/ }).first().click()
  await post(nora.page, 'Hello Nora New and all').getByText('Everybody').first().waitFor()
  await nora.page.locator('[data-unread-posts]').waitFor({ state: 'detached' })
  await write(ada, 'The second one')
  await post(nora.page, 'The second one').waitFor()
  expect(await nora.page.locator('[data-post]').count()).toBe(2)
})

it('carries comments and likes over', async () => {
  const hers = post(nora.page, 'The second one')
  const mine = post(ada.page, 'The second one')
  await hers.getByRole('button', { name: 'Comment', exact: true }).click()
  for (const text of ['One', 'Two', 'Three', 'Four']) {
    await nora.page.keyboard.type(text)
    await nora.page.keyboard.press('Enter')
  }
  await comment(ada.page, 'Four').waitFor()
  await mine.locator('[data-comment-count]').getByText('4').waitFor()
  await hers.getByRole('button', { name: 'Like', exact: true }).first().click()
  await mine.getByRole('button', { name: '1 like' }).click()
  await ada.page.getByRole('group', { name: '1 like' }).getByText('Nora New').waitFor()
  await ada.page.keyboard.press('Escape')
  await comment(ada.page, 'Four').getByRole('button', { name: 'Like' }).click()
  await comment(nora.page, 'Four').getByRole('button', { name: '1 like' }).waitFor()

  await comment(nora.page, 'Three').hover()
  await comment(nora.page, 'Three').getByRole('button', { name: /^Actions/ }).click()
  await nora.page.getByRole('menuitem', { name: 'Edit' }).click()
  await nora.page.getByRole('textbox', { name: 'Change the comment' }).fill('Drei')
  await nora.page.keyboard.press('Enter')
  await comment(ada.page, 'Drei').waitFor()
  await comment(nora.page, 'Two').getByRole('button', { name: /^Actions/ }).click()
  await nora.page.getByRole('menuitem', { name: 'Delete' }).click()
  await nora.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await comment(ada.page, 'Two').waitFor({ state: 'detached' })
  await nora.page.getByRole('dialog').waitFor({ state: 'detached' })
})

it('shows the last three comments, and earlier ones when asked', async () => {
  await ada.client.rest('log.blogcomment.add', { POST_ID: 2, TEXT: 'Five' })
  await open(ada)
  await comment(ada.page, 'Five').waitFor()
  expect(await post(ada.page, 'The second one').locator('[data-comment]').count()).toBe(3)
  await shoot(ada.page, 'stream')
  await post(ada.page, 'The second one').getByRole('button', { name: 'Show 1 earlier comment' }).click()
  await comment(ada.page, 'One').waitFor()
})

it('keeps a post from those whom it is not for', async () => {
  await ada.page.locator('[data-recipients]').click()
  await ada.page.getByRole('checkbox', { name: 'Kitchen', exact: true }).waitFor()
  await settle(ada.page)
  await shoot(ada.page, 'stream-recipients')
  expect(await violations(ada.page)).toEqual([])
  await ada.page.keyboard.press('Escape')
  await address(ada, 'Kitchen')
  await write(ada, 'Only for the kitchen')
  await post(ada.page, 'Only for the kitchen').getByText('Kitchen', { exact: true }).waitFor()
  await address(ada, 'Sales')
  await write(ada, 'Only for sales')
  await post(nora.page, 'Only for sales').getByText('Sales', { exact: true }).waitFor()
  expect(await post(nora.page, 'Only for the kitchen').count()).toBe(0)
  expect(await seenBy(nora)).not.toContain('Only for the kitchen')
  expect(await seenBy(nora)).toContain('Only for sales')
})

it('keeps a draft together with whom it is for', async () => {
  await composer(ada.page).fill('Not finished')
  await address(ada, 'Kitchen')
  await ada.page.reload()
  await composer(ada.page).waitFor()
  expect(await composer(ada.page).inputValue()).toBe('Not finished')
  await ada.page.locator('[data-recipients]').getByText('Kitchen').waitFor()
  await composer(ada.page).fill('')
  await address(ada, 'Everybody')
})

it('sends a post and a comment written offline, once', async () => {
  await ada.watched.context.setOffline(true)
  await write(ada, 'Written in the dark')
  await ada.page.locator('[data-waiting]').getByText('Written in the dark').waitFor()
  await post(ada.page, 'The second one').getByRole('button', { name: 'Comment', exact: true }).click()
  await ada.page.keyboard.type('Also in the dark')
  await ada.page.keyboard.press('Enter')
  await ada.page.getByText(/Saving is paused, retrying/).waitFor()
  await shoot(ada.page, 'stream-offline')
  await ada.watched.context.setOffline(false)
  await post(nora.page, 'Written in the dark').waitFor()
  await comment(nora.page, 'Also in the dark').waitFor()
  await ada.page.locator('[data-waiting]').first().waitFor({ state: 'detached' })
  expect(await post(ada.page, 'Written in the dark').count()).toBe(1)
  expect(await comment(ada.page, 'Also in the dark').count()).toBe(1)
  expect((await seenBy(nora)).filter((text) => text === 'Written in the dark')).toHaveLength(1)
})

it('sends pictures and files that the other side can fetch', async () => {
  const [chooser] = await Promise.all([
    ada.page.waitForEvent('filechooser'),
    ada.page.locator('[data-composer-post]').getByRole('button', { name: 'Attach files' }).click(),
  ])
  const dot = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
  await chooser.setFiles([
    { name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('the plan') },
    { name: 'dot.png', mimeType: 'image/png', buffer: dot },
  ])
  await composer(ada.page).fill('The plan')
  await until('both are there', () => ada.page.getByRole('button', { name: 'Post', exact: true }).isEnabled())
  await ada.page.keyboard.press('Control+Enter')
  const card = post(nora.page, 'The plan').getByRole('link', { name: /plan\.txt/ })
  await card.waitFor()
  expect(await (await nora.watched.context.request.get((await card.getAttribute('href'))!)).text()).toBe('the plan')
  const picture = post(nora.page, 'The plan').getByRole('img', { name: 'dot.png' })
  await shoot(nora.page, 'stream-files')
  await until('the picture is shown', () => picture.evaluate((img) => (img as HTMLImageElement).naturalWidth === 1))
})

it('changes and deletes posts for both, and opens one alone', async () => {
  const hers = post(nora.page, 'The plan')
  await hers.getByRole('link', { name: /now/ }).click()
  await nora.page.waitForURL(/\/stream\/\d+$/)
  await until('it is alone', async () => (await nora.page.locator('[data-post]').count()) === 1)
  await post(ada.page, 'The plan').getByRole('button', { name: /^Actions/ }).click()
  await ada.page.getByRole('menuitem', { name: 'Edit' }).click()
  await ada.page.getByRole('textbox', { name: 'Change the post' }).fill('The new plan')
  await ada.page.keyboard.press('Control+Enter')
  await post(nora.page, 'The new plan').getByRole('link', { name: /plan\.txt/ }).waitFor()
  await post(nora.page, 'The new plan').getByRole('button', { name: /^Actions/ }).click()
  await nora.page.getByRole('menuitem', { name: 'Notify me of comments' }).click()
  await nora.page.getByText('You will hear of new comments').first().waitFor()
  await nora.page.getByRole('link', { name: 'All posts' }).click()
  await post(ada.page, 'The new plan').getByRole('button', { name: /^Actions/ }).click()
  await ada.page.getByRole('menuitem', { name: 'Delete' }).click()
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await post(nora.page, 'The new plan').waitFor({ state: 'detached' })
})

it('has no accessibility violation and nothing scrolls sideways', { timeout: 120_000 }, async () => {
  expect(await violationsEverywhere(nora.page, nora.client, '/stream', 'stream')).toEqual([])
})

it('loads older posts on the way down, and leaves the reader there when new ones come', async () => {
  const cmd = Object.fromEntries(Array.from({ length: 45 }, (_, n) => [`p${n}`, `log.blogpost.add?POST_MESSAGE=Line%20${n}`]))
  await ada.client.rest('batch', { halt: 0, cmd })
  await open(nora)
  await post(nora.page, 'Line 44').waitFor()
  const scroller = nora.page.locator('main > div').last()
  await until('the first post is there', async () => {
    await scroller.evaluate((box) => box.scrollTo({ top: box.scrollHeight }))
    return (await post(nora.page, 'Hello Nora New').count()) === 1
  })
  await settle(nora.page)
  const before = await scroller.evaluate((box) => box.scrollTop)
  await ada.client.rest('log.blogpost.add', { POST_MESSAGE: 'Breaking news' })
  const button = nora.page.getByRole('button', { name: '1 new post' })
  await button.waitFor()
  expect(await post(nora.page, 'Breaking news').count()).toBe(0)
  expect(await scroller.evaluate((box) => box.scrollTop)).toBe(before)
  await shoot(nora.page, 'stream-held')
  await button.click()
  await post(nora.page, 'Breaking news').waitFor()
  expect(await scroller.evaluate((box) => box.scrollTop)).toBe(0)
})

it('never talked to another host and raised no error', () => {
  for (const { watched } of [ada, nora]) {
    expect(watched.foreign).toEqual([])
    expect(watched.errors).toEqual([])
  }
})
