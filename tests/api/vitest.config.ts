import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    // The portal of a test makes its own certificate; the official client insists on https.
    env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  },
})
