// What one process has changed and answered, the others show a moment later: how long they still answer with what they
// have cached. Printed; only a busy machine is told from a broken bus.
import { afterEach, expect, it } from 'vitest'
import { ask, call, Portal, postJson } from '../support/portal'
import { most, pause, percentile } from './load'

const changes = Number(process.env.CHANGES ?? 100)
let portal: Portal | undefined
afterEach(async () => {
  await portal?.stop()
})

it(`the other process shows each of ${changes} new fields at once, or soon`, async () => {
  portal = await Portal.start({ topology: 'mariadb' })
  const path = new URL(portal.hook).pathname
  const [one, other] = portal.directUrls.map((url) => url + path) as [string, string]
  /** How long after the answer it was last asked and did not show the field: 0 when it showed it at once. */
  const windows: number[] = []
  for (let i = 0; i < changes; i++) {
    await call(other, 'crm.deal.fields') // so that it is cached
    await pause(50)
    const added = await postJson(`${one}crm.deal.userfield.add`, { fields: { FIELD_NAME: `WINDOW_${i}`, USER_TYPE_ID: 'string' } })
    expect(added.status, added.text).toBe(200)
    const answered = performance.now()
    let window = 0
    for (;;) {
      const asked = performance.now()
      const fields = await ask(`${other}crm.deal.fields`)
      if (`UF_CRM_WINDOW_${i}` in fields.body.result) break
      window = asked - answered
      expect(window).toBeLessThan(10_000)
    }
    windows.push(window)
  }
  console.log(
    `stale window of another process: ${windows.filter((window) => window > 0).length} of ${changes} changes were not seen at once; ` +
      `median ${percentile(windows, 0.5).toFixed(1)} ms, p95 ${percentile(windows, 0.95).toFixed(1)} ms, most ${most(windows).toFixed(1)} ms`,
  )
})
