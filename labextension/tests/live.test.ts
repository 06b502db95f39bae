import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { IStatus } from '../src/api/status';
import { Live } from '../src/live/live';
import type { IChange } from '../src/tokens';
import { STATUS } from './server';

/** The door: a WebSocket whose other end is this test. */
class Socket {
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(readonly path: string) {}

  close(): void {
    this.closed = true;
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  breaks(): void {
    this.onclose?.();
  }
}

const CHANGE: IChange = {
  kind: 'run',
  id: 47,
  status: 'completed',
  plan: 12,
  planned: 3,
  step: 'scale'
};
const HELLO = { type: 'hello', stream: 'a', number: 5, resumed: false, database: 'ready' };

function live(status: () => Promise<IStatus> = () => Promise.resolve(STATUS)) {
  const sockets: Socket[] = [];
  const told: (readonly IChange[] | 'everything')[] = [];
  const it = new Live({
    status,
    socket: path => {
      const socket = new Socket(path);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    }
  });
  it.changed.connect((_, changes) => told.push(changes));
  return { it, sockets, told };
}

/** The connection of this number, once it is asked for. */
async function connected(sockets: Socket[], number: number): Promise<Socket> {
  await expect.poll(() => sockets.length).toBeGreaterThan(number);
  return sockets[number] as Socket;
}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the live connection', () => {
  it('is one for all who hold it, and ends with the last', async () => {
    const { it, sockets } = live();
    const holds = [it.hold(), it.hold()];
    const socket = await connected(sockets, 0);
    socket.says(HELLO);
    expect(it.mode).toBe('live');
    holds[0]?.dispose();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(socket.closed).toBe(false);
    holds[1]?.dispose();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(socket.closed).toBe(true);
    expect(it.mode).toBe('off');
    expect(sockets).toHaveLength(1);
  });

  it('hands on what changed and does not ask while it hears', async () => {
    const { it, sockets, told } = live();
    it.hold();
    const socket = await connected(sockets, 0);
    socket.says(HELLO);
    socket.says({ type: 'changes', number: 6, changes: [CHANGE] });
    expect(told).toEqual(['everything', [CHANGE]]);
    for (let beat = 0; beat < 10; beat++) {
      await vi.advanceTimersByTimeAsync(15_000);
      socket.says({ type: 'alive', number: 6 });
    }
    expect(told).toHaveLength(2);
  });

  it('goes on after a break where it ended, and says so when something was missed', async () => {
    const { it, sockets, told } = live();
    it.hold();
    const first = await connected(sockets, 0);
    first.says(HELLO);
    first.says({ type: 'changes', number: 9, changes: [CHANGE] });
    first.breaks();
    expect(it.mode).toBe('polling');
    const second = await connected(sockets, 1);
    expect(second.path).toBe('live?stream=a&after=9');
    const before = told.length;
    second.says({ ...HELLO, number: 9, resumed: true });
    expect(it.mode).toBe('live');
    expect(told).toHaveLength(before);
    second.says({ type: 'snapshot', number: 30, reason: 'slow' });
    expect(told[told.length - 1]).toBe('everything');
  });

  it('asks politely while there is no connection or no database', async () => {
    const { it, sockets, told } = live();
    it.hold();
    const socket = await connected(sockets, 0);
    socket.says({ ...HELLO, resumed: true, database: 'unavailable' });
    expect(it.mode).toBe('polling');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(told.length).toBeGreaterThan(1);
    expect(told.length).toBeLessThan(8);
    socket.says({ type: 'database', number: 5, database: 'ready' });
    expect(it.mode).toBe('live');
  });

  it('connects again when nothing is heard for long', async () => {
    const { it, sockets } = live();
    it.hold();
    const socket = await connected(sockets, 0);
    socket.says(HELLO);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(socket.closed).toBe(true);
    await connected(sockets, 1);
  });

  it('opens no socket where the server half does not answer', async () => {
    const { it, sockets } = live(() => Promise.reject(new Error('missing')));
    it.hold();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sockets).toHaveLength(0);
    expect(it.mode).toBe('polling');
  });
});
