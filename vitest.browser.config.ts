import { defineConfig } from 'vitest/config';

/** Tests in a real browser: they need Chromium, which `CHROMIUM` may name. */
export default defineConfig({
  test: { testTimeout: 120_000, include: ['test/browser/**/*.test.ts'] },
});
