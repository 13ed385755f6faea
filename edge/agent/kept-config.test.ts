import { describe, expect, it } from 'vitest';
import type { AgentCheckConfig } from '../../proto/index.ts';
import { readConfig, writeConfig } from './kept-config.ts';
import { plannedChecks } from './planned-check.ts';

const check: AgentCheckConfig = {
  ...{ checkId: 'chk_1', checkType: 'http', name: 'web', enabled: true, intervalSec: 5, timeoutSec: 2 },
  ...{
    target: 'https://shop.example.org:8443/a',
    port: 8443,
    path: '/a',
    method: 'GET',
    settings: { expect_status: '200' },
  },
};

describe('the config that is kept', () => {
  it('is read as it was written, and as nothing when a letter of it is another', () => {
    const config = { version: 'v1', pollIntervalS: 60, checks: [check, { ...check, settings: {} }] };
    const text = writeConfig(config);
    expect(readConfig(text)).toEqual(config);
    for (let at = 0; at < text.length; at += 1) {
      const changed = text[at] === 'x' ? 'y' : 'x';
      expect(readConfig(text.slice(0, at) + changed + text.slice(at + 1))).toBeNull();
      expect(readConfig(text.slice(0, at))).toBeNull();
    }
  });
});

describe('a check of the config', () => {
  it('is run as it stands there, whatever network it is aimed at', () => {
    const tcp = { ...check, checkId: 'chk_2', checkType: 'tcp', target: '10.0.0.1', port: 22, settings: {} };
    expect(plannedChecks([check, tcp])).toEqual({
      checks: [
        {
          ...{
            id: 'chk_1',
            kind: 'http',
            target: check.target,
            port: null,
            intervalMs: 5_000,
            timeoutMs: 2_000,
          },
          settings: { expect_status: '200' },
        },
        {
          id: 'chk_2',
          kind: 'tcp',
          target: '10.0.0.1',
          port: 22,
          intervalMs: 5_000,
          timeoutMs: 2_000,
          settings: {},
        },
      ],
      refused: [],
    });
  });
  it('is left out with the reason when it cannot be run here, and without one when it is not to run', () => {
    const odd: Partial<AgentCheckConfig>[] = [
      { checkType: 'snmp' },
      { checkId: '' },
      { intervalSec: 0 },
      { timeoutSec: 1.5 },
      { target: '-o' },
      { settings: { nonsense: 'x' } },
    ];
    const { checks, refused } = plannedChecks(odd.map((change) => ({ ...check, ...change })));
    expect([checks, refused.length]).toEqual([[], odd.length]);
    expect(plannedChecks([{ ...check, enabled: false }])).toEqual({ checks: [], refused: [] });
  });
});
