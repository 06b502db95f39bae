import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Ago } from '../src/screen/ago';

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});

afterEach(() => {
  vi.useRealTimers();
});

it('says how long ago it was also when it has stood for long', () => {
  vi.useFakeTimers({ now: new Date('2026-11-26T10:00:00Z') });
  const host = document.createElement('div');
  const root = createRoot(host);
  act(() => {
    root.render(<Ago time="2026-11-26T09:58:00Z" />);
  });
  expect(host.textContent).toBe('2 minutes ago');
  act(() => {
    vi.advanceTimersByTime(10 * 60_000);
  });
  expect(host.textContent).toBe('12 minutes ago');
  // Another time in its place is that one's.
  act(() => {
    root.render(<Ago time="2026-11-26T10:09:00Z" />);
  });
  expect(host.textContent).toBe('1 minute ago');
  act(() => {
    root.unmount();
  });
  expect(vi.getTimerCount()).toBe(0);
});
