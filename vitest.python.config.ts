import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // They start PostgreSQL, and Python for every command of Alembic.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    include: ['test/real-python/**/*.test.ts'],
  },
});
