// Two people whose browsers are answered by different processes, on MariaDB and Redis: they chat as if it were one, also
// while processes and Redis die. Run by tests/engines/run realtime, which starts the engines.
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { engine } from '../support/topology'
import { launch, settle, shoot } from './browser'
import { administrator, employee, person, type Person } from './people'
import { startStoa, until, type Stoa } from './stoa'

let stoa: Stoa
let browser: Browser
let ada: Person
let nora: Person

beforeAll(async () => {
  stoa = await startStoa({ demo: false, topology: 'mariadb' })
  browser = await launch()
  const admin = await administrator(stoa)
  ada = await person(browser, stoa, admin, 'web0')
  nora = await person(browser, stoa, await employee(stoa, admin, 'Nora'), 'web1')
  for (const [one, other] of [[ada, nora], [nora, ada]] as const) {
    await one.page.goto(`/chat/${other.id}`)
    await field(one.page).waitFor()
    await settle(one.page)
  }
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await stoa?.stop()
})

const field = (page: Page): Locator => page.locator('[data-composer]')
const message = (page: Page, text: string): Locator => page.locator('[data-message]').filter({ hasText: text })
const write = async ({ page }: Person, text: string) => {
  await field(page).fill(text)
  await page.keyboard.press('Enter')
}
const texts = async (by: Person, dialog: number) =>
  (await by.client.rest<{ messages: { text: string }[] }>('im.dialog.messages.get', { DIALOG_ID: dialog, LIMIT: 50 })).messages.map(({ text }) => text)

/** It is on both screens and in the store, once. */
async function isThereOnce(text: string): Promise<void> {
  for (const { page } of [ada, nora]) await message(page, text).waitFor({ timeout: 20_000 })
  await message(ada.page, text).locator('[data-state=waiting]').waitFor({ state: 'detached', timeout: 20_000 })
  expect((await texts(ada, nora.id)).filter((stored) => stored === text)).toHaveLength(1)
  for (const { page } of [ada, nora]) expect(await message(page, text).count()).toBe(1)
}

it('brings a message from one process to the other', async () => {
  await write(ada, 'From the first')
  await isThereOnce('From the first')
  await write(nora, 'From the second')
  await message(ada.page, 'From the second').waitFor()
  await shoot(nora.page, 'two-nodes')
})

it('sends a message once when the process that takes it is killed', { timeout: 120_000 }, async () => {
  for (let round = 0; round < 3; round++) {
    const text = `In mid-send ${round}`
    await write(ada, text)
    await stoa.portal.killOne(0)
    await isThereOnce(text)
    await write(ada, `After ${round}`)
    await isThereOnce(`After ${round}`)
    await stoa.portal.serveOne(0)
  }
})

it('misses nothing when the process that speaks to the reader is killed', { timeout: 120_000 }, async () => {
  for (let round = 0; round < 3; round++) {
    await stoa.portal.killOne(1)
    await write(ada, `To nobody ${round}`)
    await isThereOnce(`To nobody ${round}`)
    await stoa.portal.serveOne(1)
  }
})

it('goes on through the database while Redis is away, and is live again when it is back', { timeout: 120_000 }, async () => {
  await engine('kill', 'redis1')
  try {
    await write(ada, 'Without Redis')
    await isThereOnce('Without Redis')
  } finally {
    await engine('start', 'redis1')
  }
  await write(ada, 'With Redis again')
  await isThereOnce('With Redis again')
  await until('both are live', async () => (await Promise.all([ada, nora].map(({ page }) => page.getByText('Reconnecting…').count()))).every((count) => count === 0), 30_000)
  // Typing goes by Redis alone.
  await field(nora.page).pressSequentially('I am')
  await ada.page.getByText('Nora is typing…').waitFor({ timeout: 20_000 })
})

it('raised no error', () => {
  for (const { watched } of [ada, nora]) {
    expect(watched.foreign).toEqual([])
    expect(watched.errors).toEqual([])
  }
})
