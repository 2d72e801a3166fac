import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.test.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 180_000,
    // The tests kill engines that they share.
    fileParallelism: false,
    env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  },
})
