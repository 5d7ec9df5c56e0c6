import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Most tests start real processes; on a loaded machine each start can take seconds.
  test: { testTimeout: 60_000, include: ['test/**/*.test.ts'] },
});
