import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.test.ts'],
    // On engines that run: tests/engines/run starts them.
    exclude: process.env.STOA_ENGINES_DIR ? [] : ['two_nodes.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    maxConcurrency: 2,
    sequence: { shuffle: false },
  },
})
