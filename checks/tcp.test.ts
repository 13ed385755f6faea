import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, test } from 'vitest';
import { shareSignal } from './deadline.ts';
import type { CheckRequest } from './outcome.ts';
import type { NameResolver } from './resolver.ts';
import { type CheckOptions, runCheck } from './run.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(onSocket: (socket: Socket) => void = () => {}, host = '127.0.0.1'): Promise<number> {
  const server = createServer(onSocket).listen(0, host);
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function options(more: Partial<CheckOptions> = {}): CheckOptions {
  const clock = { monotonicMs: () => performance.now() };
  return { clock, guard: { allowAll: true }, signal: new AbortController().signal, ...more };
}

function tcp(target: string, port: number | null, timeoutMs = 5_000): CheckRequest {
  return { kind: 'tcp', target, port, timeoutMs, settings: {} };
}

const answering = (...addresses: string[]): NameResolver => ({ lookup: async () => addresses });
const silent: NameResolver = { lookup: () => new Promise(() => {}) };

describe('a tcp check', () => {
  test('succeeds with the time to connect, and closes its connection', async () => {
    const closed = new Promise<void>((resolve) => {
      void listen((socket) => socket.resume().on('close', () => resolve())).then(async (port) => {
        const outcome = await runCheck(tcp('127.0.0.1', port), options());
        expect(outcome).toEqual({ status: 'success', latencyMs: expect.any(Number), reason: null });
        expect(outcome.latencyMs).toBeGreaterThan(0);
      });
    });
    await closed;
  });

  test.each(['127.1', '0x7f000001', 'localhost', '[::ffff:127.0.0.1]'])(
    'reaches a listener spelled %s',
    async (target) => {
      const port = await listen();
      expect(await runCheck(tcp(target, port), options())).toMatchObject({ status: 'success' });
    },
  );

  test('says that a connection was refused', async () => {
    const port = await listen();
    servers.pop()?.close();
    expect(await runCheck(tcp('127.0.0.1', port), options())).toEqual({
      status: 'critical',
      latencyMs: null,
      reason: 'connection refused',
    });
  });

  test('goes on to the next address of a name when one refuses', async () => {
    const port = await listen();
    const resolver = answering('127.9.9.9', '127.0.0.1');
    expect(await runCheck(tcp('two.example', port), options({ resolver }))).toMatchObject({
      status: 'success',
    });
  });

  test('answers timeout when the name lookup does not end', async () => {
    expect(await runCheck(tcp('slow.example', 80, 40), options({ resolver: silent }))).toEqual({
      status: 'timeout',
      latencyMs: null,
      reason: 'no answer within 40 ms',
    });
  });

  test('says that a name was not found', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    const outcome = await runCheck(tcp('none.example', 80), options({ resolver: { lookup } }));
    expect(outcome).toMatchObject({ status: 'critical', reason: 'name not found' });
  });

  test('is refused on a shared node when the name leads inside, and connects to nothing', async () => {
    let connections = 0;
    const port = await listen(() => {
      connections += 1;
    });
    const resolver = answering('127.0.0.1', '::ffff:127.0.0.1', '10.0.0.1');
    const outcome = await runCheck(
      tcp('inside.example', port),
      options({ guard: { allowAll: false }, resolver }),
    );
    expect(outcome).toMatchObject({
      status: 'unknown',
      reason: expect.stringMatching(/^target_not_allowed: 127\.0\.0\.1 is/),
    });
    expect(await runCheck(tcp('2130706433', port), options({ guard: { allowAll: false } }))).toMatchObject({
      status: 'unknown',
      reason: expect.stringMatching(/^target_not_allowed: /),
    });
    expect(connections).toBe(0);
  });

  test('looks a name up once: the address that was judged is the one that is connected to', async () => {
    const asked: string[] = [];
    // Rebinding: another address for every question after the first.
    const lookup = async (name: string) =>
      asked.push(name) === 1 ? ['127.0.0.1', '127.0.0.1'] : ['127.9.9.9'];
    const outcome = await runCheck(tcp('rebind.example', await listen()), options({ resolver: { lookup } }));
    expect(outcome).toMatchObject({ status: 'success' });
    expect(asked).toEqual(['rebind.example']);
  });

  test('ends at once when aborted, during the lookup and before it', async () => {
    const controller = new AbortController();
    const run = runCheck(tcp('slow.example', 80), options({ resolver: silent, signal: controller.signal }));
    controller.abort();
    expect(await run).toEqual({ status: 'unknown', latencyMs: null, reason: 'aborted' });
    expect(await runCheck(tcp('127.0.0.1', 80), options({ signal: controller.signal }))).toMatchObject({
      reason: 'aborted',
    });
  });

  test('leaves no timer, socket or listener behind, a thousand times over one shared signal', async () => {
    let closed = 0;
    let allClosed = () => {};
    const everyoneLeft = new Promise<void>((resolve) => {
      allClosed = resolve;
    });
    const port = await listen((socket) => {
      socket.resume().on('close', () => {
        closed += 1;
        if (closed === 500) allClosed();
      });
    });
    const controller = new AbortController();
    const signal = shareSignal(controller.signal);
    const timersBefore = timers();
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, (_, at) =>
        runCheck(tcp('127.0.0.1', at % 2 === 0 ? port : 1, 20_000), options({ signal })),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'success')).toHaveLength(500);
    expect(outcomes.filter((outcome) => outcome.reason === 'connection refused')).toHaveLength(500);
    await everyoneLeft;
    // The test runner's own timers may go meanwhile; none of ours may stay.
    expect(timers()).toBeLessThanOrEqual(timersBefore);
  });

  test('aborts every check that shares a signal', async () => {
    const controller = new AbortController();
    const signal = shareSignal(controller.signal);
    const runs = Array.from({ length: 50 }, () =>
      runCheck(tcp('slow.example', 80), options({ resolver: silent, signal })),
    );
    controller.abort();
    for (const outcome of await Promise.all(runs)) expect(outcome.reason).toBe('aborted');
    expect(signal.aborted).toBe(true);
  });

  test.each([
    [tcp('127.0.0.1', null), 'bad_check: a tcp check needs a port'],
    [tcp('127.0.0.1', 1, Number.NaN), 'bad_check: the timeout must be'],
    [tcp('127.0.0.1', 1, 1e9), 'bad_check: the timeout must be'],
    [tcp('a b', 1), 'bad_check: the target is not a host'],
    [{ ...tcp('a', 1), kind: 'toString' as 'tcp' }, 'bad_check: "toString" is no kind'],
  ])('answers unknown for what slipped past the door: %j', async (request, reason) => {
    const outcome = await runCheck(request, options());
    expect(outcome).toMatchObject({ status: 'unknown', reason: expect.stringContaining(reason) });
  });
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}
