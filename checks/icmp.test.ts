import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { shareSignal } from './deadline.ts';
import { fpingTiming, parseFpingLine } from './fping.ts';
import { createIcmpProber } from './icmp.ts';
import { limits } from './limits.ts';
import { pingArguments, readPing } from './ping.ts';
import { findProber, type IcmpProber, type ProberProgram } from './prober.ts';
import { type CheckOptions, runCheck } from './run.ts';

const fping = await findProber('/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin');
const ping = await systemPing();

/** The finder prefers fping wherever both are, so ping is looked for by its own name. */
async function systemPing(): Promise<ProberProgram | null> {
  for (const path of ['/usr/bin/ping', '/bin/ping']) {
    if (existsSync(path)) return { kind: 'ping', path };
  }
  return null;
}

const probers: IcmpProber[] = [];
afterEach(async () => {
  for (const prober of probers.splice(0)) await prober.close();
});

function proberOf(program: ProberProgram): IcmpProber {
  const prober = createIcmpProber(program);
  probers.push(prober);
  return prober;
}

function check(target: string, icmp: IcmpProber | null, more: Partial<CheckOptions> = {}, timeoutMs = 2_000) {
  const clock = { monotonicMs: () => performance.now() };
  const options = { clock, guard: { allowAll: true }, signal: new AbortController().signal, icmp, ...more };
  return runCheck({ kind: 'icmp', target, port: null, timeoutMs, settings: {} }, options);
}

const success = { status: 'success', latencyMs: expect.any(Number), reason: null };

describe.each([
  ['fping', fping?.kind === 'fping' ? fping : null],
  ['ping', ping],
] as const)('an icmp check by %s (skipped where it is not installed)', (_, program) => {
  test.skipIf(program === null)('counts the packets that come back', async () => {
    const prober = proberOf(program!);
    expect(await check('127.0.0.1', prober)).toEqual(success);
    expect(await check('127.1', prober)).toEqual(success);
    expect(await check('localhost', prober)).toEqual(success);
  });

  test.skipIf(program === null)('ends at once when aborted, and its process with it', async () => {
    const prober = proberOf(program!);
    const controller = new AbortController();
    const run = check('127.0.0.1', prober, { signal: controller.signal }, 20_000);
    controller.abort();
    expect(await run).toMatchObject({ status: 'unknown', reason: 'aborted' });
    // Resolves only when every child's exit was seen.
    await prober.close();
    expect(await check('127.0.0.1', prober)).toMatchObject({ status: 'unknown', reason: 'aborted' });
  });
});

describe('an icmp check', () => {
  test.skipIf(fping?.kind !== 'fping')('is critical when no packet comes back (needs fping)', async () => {
    // The broadcast address of loopback: nothing leaves the machine, and nothing answers.
    expect(await check('127.255.255.255', proberOf(fping!))).toEqual({
      status: 'critical',
      latencyMs: null,
      reason: '3 of 3 packets lost',
    });
  });

  test('says what to install where there is no prober', async () => {
    expect(await check('127.0.0.1', null)).toMatchObject({
      status: 'unknown',
      reason: expect.stringContaining('install fping'),
    });
  });

  test('is judged on a shared node before anything is sent', async () => {
    const sent: string[] = [];
    const prober: IcmpProber = {
      ping: (address) => {
        sent.push(address);
        return () => true;
      },
      close: async () => {},
    };
    for (const target of ['127.0.0.1', '2130706433', '[fe80::1%lo]', 'inside.example']) {
      const resolver = { lookup: async () => ['10.0.0.1'] };
      const outcome = await check(target, prober, { guard: { allowAll: false }, resolver });
      expect(outcome).toMatchObject({
        status: 'unknown',
        reason: expect.stringMatching(/^target_not_allowed: /),
      });
    }
    expect(await check('-f', prober)).toMatchObject({
      status: 'unknown',
      reason: expect.stringMatching(/^bad_check: /),
    });
    expect(sent).toEqual([]);
  });

  test('warns of a partial loss with the mean of the rest', async () => {
    const prober: IcmpProber = {
      ping: (_address, _timeoutMs, settle) => {
        settle({ kind: 'counted', sent: 3, rttsMs: [1, 2] });
        return () => true;
      },
      close: async () => {},
    };
    expect(await check('203.0.113.1', prober)).toEqual({
      status: 'warning',
      latencyMs: 1.5,
      reason: '1 of 3 packets lost',
    });
  });
});

describe('probers made of a script', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'picket-prober-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  async function script(name: string, body: string): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, `#!/bin/sh\n${body}\n`);
    await chmod(path, 0o755);
    return path;
  }

  /** Answers for 203.0.113.9, as fping from its input or as ping from its arguments, and hangs for any other. */
  const stuckUnlessNine = `for last; do :; done
    case "$last" in 203.0.113.9) for i in 0 1 2; do echo "64 bytes from $last: time=1.0 ms"; done
      echo "3 packets transmitted, 3 received"; exit 0;; 203.*) exec sleep 600;; esac
    read address
    case "$address" in 203.0.113.9) for i in 0 1 2; do echo "$address : [$i], 64 bytes, 1.00 ms"; done;; *) exec sleep 600;; esac`;

  test('checks that come together share a process, and an address in it', async () => {
    const log = join(directory, 'starts');
    const path = await script(
      'fping-batch',
      `echo start >> ${log}
       while read address; do for i in 0 1 2; do echo "$address : [$i], 64 bytes, 1.00 ms (1.00 avg, 0% loss)"; done; done`,
    );
    const prober = proberOf({ kind: 'fping', path });
    const targets = [
      ...Array.from({ length: 50 }, (_, at) => `203.0.113.${at}`),
      '203.0.113.7',
      '2001:db8::1',
    ];
    const outcomes = await Promise.all(targets.map((target) => check(target, prober)));
    for (const outcome of outcomes)
      expect(outcome).toEqual({ status: 'success', latencyMs: 1, reason: null });
    // On a machine that stalls, some come after the window or with less time left, and make a second batch.
    const starts = (await readFile(log, 'utf8')).trim().split('\n').length;
    expect(starts).toBeLessThan(targets.length / 10);
  });

  test('an answered target does not wait for a silent one, whose check ends at its own deadline', async () => {
    const path = await script(
      'fping-slow',
      `read address; for i in 0 1 2; do echo "$address : [$i], 64 bytes, 1.00 ms"; done; exec sleep 600`,
    );
    const prober = proberOf({ kind: 'fping', path });
    const controller = new AbortController();
    const quick = check('203.0.113.1', prober, {}, 20_000);
    const silent = check('203.0.113.2', prober, { signal: controller.signal }, 20_000);
    expect(await quick).toEqual({ status: 'success', latencyMs: 1, reason: null });
    controller.abort();
    expect(await silent).toMatchObject({ reason: 'aborted' });
    expect(
      await check(
        '203.0.113.3',
        proberOf({ kind: 'fping', path: await script('fping-mute', 'exec sleep 600') }),
        {},
        60,
      ),
    ).toMatchObject({
      status: 'timeout',
      reason: 'no answer within 60 ms',
    });
  });

  test.each(['fping', 'ping'] as const)(
    'a %s that cannot do its work is unknown, with its words',
    async (kind) => {
      const path = await script(
        `${kind}-broken`,
        `echo "${kind}: can't create socket (must run as root?)" >&2; exit 4`,
      );
      expect(await check('203.0.113.1', proberOf({ kind, path }))).toMatchObject({
        status: 'unknown',
        reason: `${kind} failed: ${kind}: can't create socket (must run as root?)`,
      });
      const missing = proberOf({ kind, path: join(directory, 'nowhere') });
      expect(await check('203.0.113.1', missing)).toMatchObject({
        status: 'unknown',
        reason: expect.stringMatching(new RegExp(`^${kind} failed: spawn .* ENOENT`)),
      });
    },
  );

  test('no more processes run than the limit; what waited past its deadline was no timeout; killed ones make room', async () => {
    const path = await script('ping-stuck', stuckUnlessNine);
    const prober = proberOf({ kind: 'ping', path });
    const controller = new AbortController();
    const signal = shareSignal(controller.signal);
    const runs = Array.from({ length: limits.icmpProcessesMax }, () =>
      check('203.0.113.1', prober, { signal }, 60_000),
    );
    expect(await check('203.0.113.9', prober, {}, 60)).toMatchObject({
      status: 'unknown',
      reason: 'too many icmp checks are waiting on this agent',
    });
    const behind = check('203.0.113.9', prober, {}, 60_000);
    controller.abort();
    for (const outcome of await Promise.all(runs)) expect(outcome.reason).toBe('aborted');
    expect(await behind).toMatchObject({ status: 'success', latencyMs: 1 });
  });

  test('an aborted batch is killed and makes room for the next', async () => {
    const path = await script('fping-stuck', stuckUnlessNine);
    const prober = proberOf({ kind: 'fping', path });
    const controller = new AbortController();
    const signal = shareSignal(controller.signal);
    // Each timeout of its own is a batch of its own.
    const runs = Array.from({ length: limits.icmpProcessesMax }, (_, at) =>
      check('203.0.113.1', prober, { signal }, 20_000 + at * limits.icmpTimeoutStepMs),
    );
    const behind = check('203.0.113.9', prober, {}, 60_000);
    controller.abort();
    for (const outcome of await Promise.all(runs)) expect(outcome.reason).toBe('aborted');
    expect(await behind).toMatchObject({ status: 'success', latencyMs: 1 });
  });

  test('the finder takes fping before ping, and only what can be run', async () => {
    await script('ping', '');
    const found = await findProber(`relative:/nonexistent:${directory}`);
    expect(found).toEqual({ kind: 'ping', path: join(directory, 'ping') });
    await writeFile(join(directory, 'fping'), '');
    expect((await findProber(directory))?.kind).toBe('ping');
    await script('fping', '');
    await chmod(join(directory, 'fping'), 0o755);
    expect(await findProber(directory)).toEqual({ kind: 'fping', path: join(directory, 'fping') });
    expect(await findProber('')).toBeNull();
  });
});

describe('the words of the programs', () => {
  test.each([
    [
      '127.0.0.1  : [0], 64 bytes, 0.033 ms (0.033 avg, 0% loss)',
      { address: '127.0.0.1', sequence: 0, rttMs: 0.033 },
    ],
    [
      'fe80::1%eth0 : [2], timed out (NaN avg, 100% loss)',
      { address: 'fe80::1%eth0', sequence: 2, rttMs: null },
    ],
    ['127.0.0.1 : duplicate for [0], 64 bytes, 0.05 ms', null],
    ['ICMP Host Unreachable from 192.0.2.2 for ICMP Echo sent to 192.0.2.77', null],
    ['', null],
  ])('fping: %s', (line, packet) => {
    expect(parseFpingLine(line)).toEqual(packet);
  });

  test('ping: replies count once the summary is there; a missing route is a loss, anything else a failure', () => {
    const done = { code: 1, said: '' };
    const replies = [
      '64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.5 ms',
      '64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.6 ms (DUP!)',
    ];
    const summary = '3 packets transmitted, 1 received, 66.6667% packet loss, time 400ms';
    expect(readPing([...replies, summary], done)).toEqual({ kind: 'counted', sent: 3, rttsMs: [0.5] });
    const lost = [
      'From 192.0.2.2 icmp_seq=1 Destination Host Unreachable',
      '3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 405ms',
    ];
    expect(readPing(lost, done)).toEqual({ kind: 'counted', sent: 3, rttsMs: [] });
    expect(readPing([], { code: 2, said: 'ping: connect: Network is unreachable' })).toMatchObject({
      rttsMs: [],
    });
    expect(readPing(replies, { code: null, said: '' })).toMatchObject({ kind: 'failed' });
  });

  test('every timing fits its deadline', () => {
    for (let timeoutMs = 200; timeoutMs <= 60_000; timeoutMs += 50) {
      const { periodMs, replyWaitMs, targetsMax } = fpingTiming(timeoutMs);
      const spread = targetsMax * limits.icmpSendSpacingMs;
      expect(limits.icmpBatchWindowMs + spread + 2 * periodMs + replyWaitMs).toBeLessThanOrEqual(timeoutMs);
      expect(periodMs).toBeGreaterThanOrEqual(limits.icmpPacketPeriodMsMin);
    }
    expect(pingArguments('203.0.113.1', 2_000)).toEqual([
      '-n',
      '-c',
      '3',
      '-i',
      '0.2',
      '-W',
      '1',
      '203.0.113.1',
    ]);
  });
});
