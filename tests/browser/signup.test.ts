// Somebody makes a portal of their own, where the operator allows it; elsewhere nothing offers it.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violations } from './axe'
import { desktop, launch, phone, settle, shoot, sideways, watch, type Watched } from './browser'
import { Client, startStoa, type Stoa } from './stoa'

const email = 'olive@example.org'
const password = 'correct horse battery'
let stoa: Stoa
let browser: Browser
let watched: Watched
let page: Page

const start = async (config?: string) => {
  stoa = await startStoa({ demo: false, config })
  browser = await launch()
  watched = await watch(browser, stoa.url, { locale: 'de-DE', timezoneId: 'Europe/Berlin' })
  page = await watched.context.newPage()
}

const stop = async () => {
  await browser?.close()
  await stoa?.stop()
}

const focused = () => page.evaluate(() => document.activeElement?.id)

describe('where sign-up is open', () => {
  beforeAll(() => start('[signup]\nenabled = true\n'))
  afterAll(stop)

  describe.each(['en', 'de', 'ru'])('in %s', (language) => {
    it.each(['login', 'signup', 'signup-refused'])('%s has no violation', { timeout: 60_000 }, async (screen) => {
      const guest = await watch(browser, stoa.url, { locale: language })
      const visitor = await guest.context.newPage()
      const found: string[] = []
      await visitor.goto(screen === 'login' ? '/login' : '/signup')
      await settle(visitor)
      if (screen === 'login') await visitor.locator('a[href="/signup"]').waitFor()
      if (screen === 'signup-refused') await visitor.locator('button[type=submit]').click()
      for (const viewport of [desktop, phone]) {
        await visitor.setViewportSize(viewport)
        for (const colorScheme of ['light', 'dark'] as const) {
          await visitor.emulateMedia({ colorScheme })
          await settle(visitor)
          const name = `${screen}-open-${viewport.width}-${colorScheme}-${language}`
          found.push(...(await violations(visitor)).map((text) => `${name}: ${text}`))
          if ((await sideways(visitor)) > 0) found.push(`${name}: scrolls sideways`)
          if (language === 'en') await shoot(visitor, name, true)
        }
      }
      await guest.context.close()
      expect(found).toEqual([])
      expect(guest.foreign).toEqual([])
      expect(guest.errors).toEqual([])
    })
  })

  it('says beside each field what is missing, and leads there', async () => {
    await page.goto('/crm/deals')
    await page.waitForURL('**/login')
    await page.getByRole('link', { name: 'Portal anlegen' }).click()
    await page.waitForURL('**/signup')
    await settle(page)
    expect(await focused()).toBe('company')
    expect(await page.locator('#language').inputValue()).toBe('de')
    expect(await page.locator('#timeZone').inputValue()).toBe('Europe/Berlin')
    expect(await page.locator('#currency').inputValue()).toBe('EUR')
    await page.keyboard.press('Enter')
    await page.getByText('Geben Sie den Namen Ihrer Firma ein.').waitFor()
    await page.getByText('Geben Sie Ihren Vornamen ein.').waitFor()
    await page.getByText('Geben Sie eine gültige E-Mail-Adresse ein.').waitFor()
    await page.getByText('Das Passwort braucht mindestens 8 Zeichen.').waitFor()
    expect(await focused()).toBe('company')
  })

  it('shows what the server refuses beside its field', async () => {
    await page.locator('#company').fill('Olivenhain')
    await page.locator('#name').fill('Olive')
    await page.locator('#lastName').fill('Baum')
    await page.locator('#email').fill('<olive>@example.org')
    await page.locator('#password').fill(password)
    await page.keyboard.press('Enter')
    await page.getByText('This is no e-mail address.').waitFor()
    expect(await page.locator('#email').getAttribute('aria-invalid')).toBe('true')
    expect(await focused()).toBe('email')
  })

  it('lands, by keyboard alone, in a portal that is empty but for its stages', async () => {
    await page.locator('#email').fill(email)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/welcome')
    await page.getByRole('heading', { name: /Willkommen, Olive/ }).waitFor()
    expect(await page.locator('[data-step=demo]').count()).toBe(0)
    await page.goto('/crm/deals')
    await page.locator('[data-stage]').first().waitFor()
    await settle(page)
    expect(await page.locator('[data-deal]').count()).toBe(0)
    const shown = await page.locator('[data-stage]').evaluateAll((columns) => columns.map((column) => (column as HTMLElement).dataset.stage))
    expect(shown.slice(0, 5)).toEqual(['NEW', 'PREPARATION', 'PREPAYMENT_INVOICE', 'EXECUTING', 'FINAL_INVOICE'])
    await shoot(page, 'signup-board')
    expect(await page.title()).toContain('Olivenhain')

    const client = await Client.login(stoa, email, password)
    expect(await client.rest('crm.deal.list', { select: ['ID'] })).toEqual([])
    const { account, user } = await client.send<{ account: { name: string; currency: string; timeZone: string }; user: { isAdmin: boolean } }>('/api/session', {}, 'GET')
    expect(account).toMatchObject({ name: 'Olivenhain', currency: 'EUR', timeZone: 'Europe/Berlin', demo: false })
    expect(user.isAdmin).toBe(true)
  })

  it('leads somebody who is signed in away', async () => {
    await page.goto('/signup')
    await page.waitForURL('**/crm/deals')
  })

  it('never talked to another host and raised no error', () => {
    expect(watched.foreign).toEqual([])
    expect(watched.errors).toEqual([])
  })
})

describe('where sign-up is closed', () => {
  beforeAll(() => start())
  afterAll(stop)

  it('offers no sign-up and leads away from its page', async () => {
    for (const path of ['/login', '/signup', '/signup/']) {
      await page.goto(path)
      await page.locator('#email').waitFor()
      await settle(page)
      expect(new URL(page.url()).pathname, path).toBe('/login')
      expect(await page.locator('a[href="/signup"]').count(), path).toBe(0)
    }
  })

  it('refuses the request itself', async () => {
    const answer = await fetch(`${stoa.url}/api/signup`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ company: 'Olivenhain', name: 'Olive', email, password }),
    })
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ error: { code: 'SIGNUP_CLOSED' } })
  })
})
