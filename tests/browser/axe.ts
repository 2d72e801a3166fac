// What axe finds on the page that is shown.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { desktop, phone, settle, shoot, sideways } from './browser'
import type { Client } from './stoa'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  id: string
  nodes: { target: string[]; failureSummary: string }[]
}

export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource)
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (root: Node, options: object) => Promise<{ violations: Violation[] }> } }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    // An open layer hides the page below from everybody; that page is a screen of its own here.
    const root = [...document.querySelectorAll('[role=dialog][data-state=open]')].at(-1) ?? document
    return (await axe.run(root, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })).violations
  })
  return found.flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')} ${node.failureSummary}`))
}

export const languages = ['en', 'de', 'ru'] as const
export const themes = ['light', 'dark'] as const

/** The same of one address in all languages, widths and themes; what scrolls sideways counts, too. Leaves it in English. */
export async function violationsEverywhere(page: Page, client: Client, path: string, name: string): Promise<string[]> {
  const found: string[] = []
  for (const language of languages) {
    await client.send('/api/profile', { language })
    await page.goto(path)
    await settle(page)
    for (const viewport of [desktop, phone]) {
      await page.setViewportSize(viewport)
      for (const colorScheme of themes) {
        await page.emulateMedia({ colorScheme })
        await settle(page)
        const view = `${name}-${viewport.width}-${colorScheme}-${language}`
        found.push(...(await violations(page)).map((text) => `${view}: ${text}`))
        if ((await sideways(page)) > 0) found.push(`${view}: scrolls sideways`)
        await shoot(page, view)
      }
    }
    await page.setViewportSize(desktop)
  }
  await client.send('/api/profile', { language: 'en' })
  return found
}
