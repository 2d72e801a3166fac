import { defineConfig } from 'vitest/config'

// Started by tests/move/run, which brings a database server up first.
export default defineConfig({
  test: {
    include: ['move/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
  },
})
