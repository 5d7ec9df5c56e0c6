import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Its `main` is a UMD file whose exports Node cannot name; the build takes the other one too.
  resolve: { alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' } },
  test: {
    // Most tests start real processes; on a loaded machine each start can take seconds.
    testTimeout: 60_000,
    // They wait for those processes more than they compute.
    maxWorkers: 2,
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/real-python/**', 'test/conformance/**', 'test/packages/**'],
    server: { deps: { inline: ['jsonc-parser'] } },
  },
});
