import { describe, expect, it } from 'vitest';
import type { CommandRequest } from '../../proto/index.ts';
import { type CommandSight, decideCommand, remember } from './command-decision.ts';
import { commandsKnownMax } from './limits.ts';
import type { PlannedCheck } from './planned-check.ts';

const planned: PlannedCheck = {
  ...{
    id: 'chk_1',
    intervalMs: 5_000,
    kind: 'tcp',
    target: '192.0.2.1',
    port: 80,
    timeoutMs: 1_000,
    settings: {},
  },
};
const sight: CommandSight = {
  ...{
    nowMs: 1_000_000,
    running: 0,
    known: new Set(),
    listingBeside: () => 0,
    isListed: () => false,
    sweeping: 0,
    isSwept: () => false,
  },
  check: (id) => (id === planned.id ? planned : null),
};
const command = (
  commandType: string,
  payload: unknown = {},
  more: Partial<CommandRequest> = {},
): CommandRequest => ({
  ...{ commandId: 'c1', commandType, ttlSeconds: 60, createdAt: 990 },
  ...{ payloadJson: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)) },
  ...more,
});
const codeOf = (one: CommandRequest, with_: Partial<CommandSight> = {}) => {
  const decision = decideCommand(one, { ...sight, ...with_ });
  return decision.type === 'refuse' ? decision.code : decision.type;
};

describe('a command of the gateway', () => {
  it('runs a check of the config, or one that stands in it', () => {
    expect(decideCommand(command('check.run', { check_id: 'chk_1' }), sight)).toEqual({
      type: 'run',
      check: planned,
    });
    const own = {
      check_id: 'chk_9',
      kind: 'tcp',
      target: '192.0.2.7',
      port: 22,
      timeout_ms: 1_500,
      settings: {},
    };
    expect(decideCommand(command('check.run', own), sight)).toMatchObject({
      ...{ type: 'run', check: { id: 'chk_9', target: '192.0.2.7', port: 22, timeoutMs: 1_500 } },
    });
    expect(codeOf(command('config.refresh'))).toBe('refresh');
  });
  it('is refused when it is over, of another type, not readable, of no check, or one too many', () => {
    expect(codeOf(command('config.refresh', {}, { createdAt: 940 }))).toBe('command_expired');
    expect(codeOf(command('config.refresh', {}, { createdAt: 1, ttlSeconds: 0 }))).toBe('refresh');
    expect(codeOf(command('shell.run'))).toBe('unsupported_command');
    for (const payload of [
      '',
      'x',
      'null',
      '[]',
      '{"kind":1,"target":"a"}',
      '{"kind":"tcp","target":"-x","port":1}',
    ])
      expect(codeOf(command('check.run', payload))).toBe('bad_payload');
    expect(codeOf(command('check.run', 'x'.repeat(70_000)))).toBe('bad_payload');
    expect(codeOf(command('check.run', { check_id: 'chk_2' }))).toBe('no_such_check');
    expect(codeOf(command('check.run', { check_id: 'chk_1' }), { running: 256 })).toBe('agent_busy');
  });
  it('of a slice is taken with what it counts itself, and refused when that is other than it was told', () => {
    const slice = {
      ...{
        run: 'run_abc',
        slice: 1,
        attempt: 1,
        sweep: 'office',
        addresses: 250,
        from: 100,
        to: 200,
        rate: 50,
      },
      ...{ networks: ['10.0.0.0/24'], exclusions: ['10.0.0.1', '10.0.0.8/31', '10.0.0.2/31', '10.0.0.77'] },
      ...{ ports: [22], icmp: true, timeout_ms: 1_000 },
    };
    const decision = decideCommand(command('sweep.run', slice), sight);
    expect(decision).toMatchObject({ type: 'sweep', order: { slice: 1, from: 100, to: 200, ratePerS: 50 } });
    for (const wrong of [
      ...[{ addresses: 256 }, { to: 251 }, { from: 200 }, { from: -1 }, { rate: 0 }, { networks: ['x'] }],
      ...[
        { run: '../x' },
        { attempt: 0 },
        { sweep: '' },
        { ports: ['22'] },
        { timeout_ms: 1 },
        { slice: 0.5 },
      ],
    ])
      expect(codeOf(command('sweep.run', { ...slice, ...wrong }))).toBe('bad_payload');
    expect(codeOf(command('sweep.run', slice), { sweeping: 6 })).toBe('agent_busy');
    expect(codeOf(command('sweep.run', slice), { sweeping: 6, isSwept: () => true })).toBe('sweep');
    expect(codeOf(command('sweep.stop', { run: 'run_abc', slice: 1 }))).toBe('stop_sweep');
    expect(codeOf(command('sweep.stop', { run: 1 }))).toBe('bad_payload');
  });
  it('is a run of a source that is begun once, joined when it is asked for again, and never begun in its middle', () => {
    const run = { run: 'int_abc-17', source: 'int_abc', resume: false };
    const decision = decideCommand(command('source.run', run), sight);
    expect(decision).toEqual({ type: 'list_source', order: run });
    for (const wrong of [{ run: '' }, { run: 7 }, { run: '../x' }, { source: 'a b' }, { source: null }])
      expect(codeOf(command('source.run', { ...run, ...wrong }))).toBe('bad_payload');
    const resumed = command('source.run', { ...run, resume: true });
    expect(codeOf(resumed)).toBe('run_lost');
    expect(codeOf(resumed, { listingBeside: () => 2, isListed: (id) => id === run.run })).toBe('list_source');
    expect(codeOf(command('source.run', run), { listingBeside: () => 2 })).toBe('agent_busy');
    expect(codeOf(command('source.stop', { run: run.run }))).toBe('stop_source');
    expect(codeOf(command('source.stop', {}))).toBe('bad_payload');
  });
  it('is done once, however often it comes', () => {
    let known: ReadonlySet<string> = new Set();
    for (let at = 0; at < commandsKnownMax + 5; at += 1) known = remember(known, `c${at}`);
    expect(known.size).toBe(commandsKnownMax);
    expect(codeOf(command('config.refresh', {}, { commandId: 'c9' }), { known })).toBe('known');
    expect(codeOf(command('config.refresh', {}, { commandId: 'c1' }), { known })).toBe('refresh');
  });
});
