/**
 * Ten minutes without a core, by a clock of the test: the agent's own checks, its outbox on a disk, its pushes against a gateway
 * that says no, and what the door of a poller then makes of them. Leaves out the connection and the store.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dueAtOrBefore, type ResultRow } from '../../actors/messages.ts';
import type { IcmpProber } from '../../checks/index.ts';
import { CallFailed, type GatewayChannel } from '../../edge/agent/gateway-channel.ts';
import { Outbox } from '../../edge/agent/outbox.ts';
import { OwnChecks } from '../../edge/agent/own-checks.ts';
import { Pushes } from '../../edge/agent/pushes.ts';
import { resultsOf } from '../../edge/check-results.ts';
import type { EdgePeer } from '../../edge/peer.ts';
import { judgeItems } from '../../edge/status-items.ts';
import { checkView } from '../../edge/testing/stage.ts';
import type { AgentCheckConfig, GatewayStatusRequest } from '../../proto/index.ts';
import { manualClock } from '../../runtime/index.ts';

const outageMs = 600_000;
const startMs = Date.UTC(2026, 5, 1, 12);
const peer: EdgePeer = { tenantId: 't', role: 'agent', id: 'site', partition: 'plant' };
const checks = Array.from({ length: 3 }, (_, at) => ({
  ...checkView,
  ...{ id: `chk_${at}`, name: `check ${at}`, kind: 'icmp' as const, port: null, partition: 'plant' },
  ...{ target: `10.0.0.${at + 1}`, interval_ms: at === 0 ? 2_000 : 5_000 },
}));
const configs = checks.map(
  ({ id: checkId, name, target, interval_ms }): AgentCheckConfig => ({
    ...{ checkId, checkType: 'icmp', name, enabled: true, intervalSec: interval_ms / 1_000, timeoutSec: 1 },
    ...{ target, port: 0, path: '', method: '', settings: {} },
  }),
);

let folder: string;
let clock: ReturnType<typeof manualClock>;
let outbox: Outbox;
let own: OwnChecks;
let pushes: Pushes | null;
let isAway: boolean;
/** When a check's packets were sent, by its target. */
let sent: Map<string, number[]>;
/** What the door took, push by push. */
let taken: ResultRow[][];
/** The next push is stored, and its answer lost. */
let isLost: boolean;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'picket-outage-'));
  clock = manualClock(startMs);
  [isAway, isLost, sent, taken, pushes] = [false, false, new Map(), [], null];
});
afterEach(async () => {
  await pushes?.end();
  own.end();
  outbox.close();
  rmSync(folder, { recursive: true, force: true });
});

const prober: IcmpProber = {
  ping(address, _timeoutMs, settle) {
    sent.set(address, [...(sent.get(address) ?? []), clock.wallMs()]);
    // Down now and then, so that what was found is not all alike.
    const isUp = Math.floor(clock.wallMs() / 7_000) % 5 !== 0;
    const cancel = clock.timer(20, () => settle({ kind: 'counted', sent: 3, rttsMs: isUp ? [1, 2, 3] : [] }));
    return () => {
      cancel();
      return true;
    };
  },
  close: async () => {},
};

/** As the door of a poller does. */
function take(requests: readonly GatewayStatusRequest[]): void {
  if (isAway) throw new CallFailed('core_away', 'no core answers', status.UNAVAILABLE);
  const judged = judgeItems(
    peer,
    requests.flatMap(({ services }) => services),
    false,
  );
  if (!('taken' in judged)) throw new Error(judged.code);
  const push = { peer, node: 'poller_1', items: judged.taken, atMs: clock.wallMs(), nowMs: clock.wallMs() };
  const { rows, noCheck } = resultsOf(push, checks);
  expect([noCheck, judged.dropped.size, judged.cut]).toEqual([0, 0, 0]);
  taken.push(rows);
  if (!isLost) return;
  isLost = false;
  throw new CallFailed('gateway_unreachable', 'lost', status.UNAVAILABLE);
}

const channel = {
  push: async (request: GatewayStatusRequest) => take([request]),
  stream: async (requests: GatewayStatusRequest[]) => take(requests),
} as unknown as GatewayChannel;

function begin(): void {
  outbox = new Outbox({ folder: join(folder, 'outbox'), timer: (ms, run) => clock.timer(ms, run) });
  const log = () => {};
  const nowMs = () => clock.wallMs();
  const kept = (hasChanged: boolean) => pushes?.noted(hasChanged);
  own = new OwnChecks({ clock, log, outbox, icmp: prober, path: join(folder, 'config'), nowMs, kept });
  dial();
}

/** A session; another one in a while when this gateway cannot be used. */
function dial(): void {
  const leave = () => {
    pushes = null;
    clock.timer(7_000, dial);
  };
  pushes = new Pushes({
    ...{ clock, outbox, channel, leave, agentId: 'site', partition: 'plant', isOnlyGateway: false },
    ...{ random: { next: () => 0.5 } as never, log: () => {}, nowMs: () => clock.wallMs() },
  });
}

test('what was found in ten minutes without a core comes afterwards, each instant with its own time', async () => {
  begin();
  own.configure({
    ...{ notModified: false, configVersion: 'v1', configTimestamp: 0, heartbeatIntervalSec: 30 },
    ...{ configPollIntervalSec: 60, checks: configs, configJson: Buffer.alloc(0) },
  } as never);
  await clock.advance(20_000);
  expect(taken.flat().length).toBeGreaterThan(0);

  isAway = true;
  const [fromMs, before] = [clock.wallMs(), taken.length];
  await clock.advance(outageMs / 2);
  // The machine is started again in the middle: config and results are on its disk.
  await pushes?.end();
  own.end();
  outbox.close();
  const waited = outbox.totals().waiting;
  begin();
  expect(outbox.totals().waiting).toBe(waited);
  await clock.advance(outageMs / 2);
  expect(taken.length).toBe(before);
  const toMs = clock.wallMs();
  expect(outbox.totals()).toMatchObject({ dropped: 0 });

  [isAway, isLost] = [false, true];
  await clock.advance(60_000);
  const rows = taken.flat().filter(({ dueAtMs }) => dueAtMs >= fromMs && dueAtMs < toMs);
  const byInstant = new Map<string, ResultRow>();
  for (const row of rows) {
    const key = `${row.checkId} ${row.dueAtMs}`;
    // An answer that was lost brings it again, and then it says the same.
    if (byInstant.has(key)) expect(row).toEqual(byInstant.get(key));
    byInstant.set(key, row);
  }
  expect(rows.length).toBeGreaterThan(byInstant.size);
  for (const { id, interval_ms, target } of checks) {
    const due: number[] = [];
    for (let ms = dueAtOrBefore(id, interval_ms, toMs - 1); ms >= fromMs; ms -= interval_ms) due.unshift(ms);
    expect(due.length).toBe(outageMs / interval_ms);
    const own = due.map((ms) => byInstant.get(`${id} ${ms}`));
    const ran = sent.get(target)!;
    for (const [at, row] of own.entries()) {
      expect(row, `${id} at ${due[at]}`).toBeDefined();
      expect(ran).toContain(row!.startedAtMs);
      expect(row!.startedAtMs! - due[at]!).toBeLessThan(200);
    }
  }
  expect(new Set([...byInstant.values()].map((row) => row.status))).toEqual(new Set(['success', 'critical']));
  // Oldest first, whatever was pushed again.
  const firstOf = (list: ResultRow[]) => Math.min(...list.map(({ startedAtMs }) => startedAtMs!));
  const firsts = taken.slice(before).map(firstOf);
  expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
  expect(outbox.totals().waiting).toBeLessThan(60);
});
