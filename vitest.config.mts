import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'jsdom',
    include: ['labextension/tests/**/*.test.{ts,tsx}'],
    setupFiles: ['labextension/tests/browser.ts'],
    restoreMocks: true,
    server: {
      // These packages import style sheets and each other in ways that plain Node refuses.
      deps: { inline: [/@jupyterlab/, /@jupyter\//, /@lumino/, /lib0/, /y-protocols/, /yjs/] }
    }
  }
});
