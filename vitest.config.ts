import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
    isolate: false, // importing the app anew for each file took longer than its tests; files take back what they change
  },
});
