/**
 * What an agent reads of its own disk, which a crash or a hand may have changed, and what a gateway gives it: the outbox, the
 * kept config, checks, commands. Nothing that was changed is read as a result or a config, and nothing throws.
 */
import { decideCommand } from '../../edge/agent/command-decision.ts';
import { readConfig, writeConfig } from '../../edge/agent/kept-config.ts';
import { frameOf, type KeptResult, readFrames } from '../../edge/agent/kept-result.ts';
import { type PlannedCheck, plannedCheck } from '../../edge/agent/planned-check.ts';
import type { SweepOrder } from '../../edge/agent/sweep-order.ts';
import type { AgentCheckConfig } from '../../proto/index.ts';
import { changedValue } from './change-value.ts';
import { mutated, under } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

const result = (n: number): KeptResult => ({
  ...{ checkId: `chk_${n}`, kind: 'tcp', dueAtMs: 1_760_000_000_000 + n, startedAtMs: 1_760_000_000_001 + n },
  ...{
    latencyMs: n % 2 === 0 ? null : n,
    status: 'critical',
    reason: n % 3 === 0 ? null : 'connection refused',
  },
});
const check: AgentCheckConfig = {
  ...{ checkId: 'chk_1', checkType: 'http', name: 'web', enabled: true, intervalSec: 5, timeoutSec: 2 },
  ...{
    target: 'https://shop.example.org/a',
    port: 443,
    path: '/a',
    method: 'GET',
    settings: { expect_status: '200' },
  },
};

/** Segments: what is read was written, in its order, and no more of it than is there. */
export function outbox(): FuzzTarget {
  const frames = Array.from({ length: 20 }, (_, n) => frameOf(result(n))!);
  const written = new Map(frames.map((_, n) => [JSON.stringify(result(n)), n]));
  const corpus = [frames.slice(0, 3), frames.slice(3, 12), frames.slice(12)].map((some) =>
    Buffer.concat(some),
  );
  return {
    name: 'outbox',
    run(random) {
      const bytes = Buffer.from(mutated(random, corpus));
      const from = random.next() < 0.8 ? 0 : under(random, bytes.length + 10);
      const { results, endsAt, damaged } = readFrames(bytes, from, 1 + under(random, 30));
      if (endsAt > bytes.length || damaged < 0) throw new Error(`it ends at ${endsAt} of ${bytes.length}`);
      let last = from;
      for (const one of results) {
        if (one.endsAt <= last || one.endsAt > endsAt) throw new Error('it goes back');
        last = one.endsAt;
        if (!written.has(JSON.stringify(one.result))) throw new Error(JSON.stringify(one.result));
      }
    },
  };
}

/** The kept config: the one that was written, or none. */
export function keptConfig(): FuzzTarget {
  const config = { version: 'a'.repeat(64), pollIntervalS: 300, checks: [check, { ...check, settings: {} }] };
  const text = writeConfig(config);
  const corpus = [Buffer.from(text)];
  return {
    name: 'kept config',
    run(random) {
      // Also one that is whole and says something else: its own sum is right.
      if (random.next() < 0.3) {
        const other = changedValue(random, config) as typeof config;
        let told: string;
        try {
          told = writeConfig(other);
        } catch {
          return;
        }
        for (const one of readConfig(told)?.checks ?? []) plannedCheck(one);
        return;
      }
      const given = mutated(random, corpus).toString();
      const read = readConfig(given);
      if (read !== null && given !== text) throw new Error(`taken: ${given.slice(0, 200)}`);
    },
  };
}

function judgeSlice({ set, from, to, ratePerS, slice, attempt, spec }: SweepOrder): void {
  const isBounded =
    Number.isInteger(from) && from >= 0 && to > from && to <= set.count && to - from <= 16_384 && slice >= 0;
  const isPaced = ratePerS >= 1 && ratePerS <= 10_000 && attempt >= 1 && spec.timeoutMs <= 10_000;
  if (!isBounded || !isPaced || set.count > 33_554_432) throw new Error(JSON.stringify({ from, to, spec }));
}

/** Commands: run with bounds, or refused with a code of the closed set. */
export function commands(): FuzzTarget {
  const codes = [
    ...['command_expired', 'unsupported_command', 'bad_payload', 'no_such_check', 'agent_busy', 'run_lost'],
  ];
  const own = {
    check_id: 'chk_9',
    kind: 'tcp',
    target: '192.0.2.7',
    port: 22,
    timeout_ms: 900,
    settings: {},
  };
  const slice = {
    ...{
      run: 'run_abc',
      slice: 1,
      attempt: 1,
      sweep: 'office',
      addresses: 252,
      from: 100,
      to: 200,
      rate: 50,
    },
    ...{ networks: ['10.0.0.0/24'], exclusions: ['10.0.0.8/30'], ports: [22], icmp: true, timeout_ms: 1_000 },
  };
  const corpus = [own, { check_id: 'chk_1' }, slice].map((one) => Buffer.from(JSON.stringify(one)));
  const known: PlannedCheck = plannedCheck(check) as PlannedCheck;
  return {
    name: 'agent commands',
    run(random) {
      const payloadJson =
        random.next() < 0.5
          ? mutated(random, corpus)
          : Buffer.from(JSON.stringify(changedValue(random, random.next() < 0.5 ? own : slice)) ?? '');
      const commandType = ['check.run', 'sweep.run', 'sweep.stop', 'source.run', 'source.stop'][
        under(random, 5)
      ]!;
      const sight = {
        ...{ nowMs: 1_000, running: under(random, 300), known: new Set<string>() },
        ...{ sweeping: 0, isSwept: () => false, listingBeside: () => 0, isListed: () => false },
      };
      const decision = decideCommand(
        { commandId: 'c', commandType, ttlSeconds: 60, createdAt: 0, payloadJson },
        { ...sight, check: (id) => (id === known.id ? known : null) },
      );
      if (decision.type === 'refuse' && !codes.includes(decision.code)) throw new Error(decision.code);
      if (decision.type === 'sweep') judgeSlice(decision.order);
      if (decision.type !== 'run') return;
      const { kind, target, timeoutMs } = decision.check;
      if (
        !['tcp', 'http', 'icmp', 'dns'].includes(kind) ||
        target === '' ||
        !(timeoutMs > 0 && timeoutMs <= 60_000)
      )
        throw new Error(JSON.stringify(decision.check));
    },
  };
}
