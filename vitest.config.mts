import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'jsdom',
    include: ['labextension/tests/**/*.test.{ts,tsx}'],
    setupFiles: ['labextension/tests/browser.ts'],
    restoreMocks: true,
    // A busy machine is slow: what comes true a moment later is waited for.
    testTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    server: {
      // These packages import style sheets and each other in ways that plain Node refuses.
      deps: { inline: [/@jupyterlab/, /@jupyter\//, /@lumino/, /lib0/, /y-protocols/, /yjs/] }
    }
  }
});
