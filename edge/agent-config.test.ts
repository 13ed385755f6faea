import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CheckView } from '../actors/messages.ts';
import { gatewayMethods } from '../proto/index.ts';
import { configAnswer, configOf } from './agent-config.ts';
import { configBytesMax, configChecksMax } from './limits.ts';
import { checkView } from './testing/stage.ts';

const http: CheckView = {
  ...{ ...checkView, id: 'c2', name: 'page', kind: 'http', port: null, settings: { b: '2', a: '1' } },
  target: 'https://example.org/health?x=1',
};

describe('the config of an agent', () => {
  it('has the checks of its partition that are enabled, as its contract writes them', () => {
    const others = [
      { ...checkView, id: 'c3', partition: 'other' },
      { ...checkView, id: 'c4', enabled: false },
    ];
    const { checks, leftOut } = configOf([http, ...others, { ...checkView, timeout_ms: 2_100 }], 'default');
    expect(leftOut).toBe(0);
    expect(checks).toMatchObject([
      {
        checkId: 'c1',
        checkType: 'tcp',
        intervalSec: 5,
        timeoutSec: 3,
        target: '192.0.2.1',
        port: 80,
        path: '',
        method: '',
      },
      {
        checkId: 'c2',
        checkType: 'http',
        port: 443,
        path: '/health?x=1',
        method: 'GET',
        settings: { a: '1', b: '2' },
      },
    ]);
  });
  it('has one version however the checks come, and another when one of them is another', () => {
    const views = [checkView, http, { ...checkView, id: 'c9' }];
    const { version } = configOf(views, 'default');
    expect(version).toMatch(/^[0-9a-f]{64}$/);
    fc.assert(
      fc.property(fc.shuffledSubarray(views, { minLength: 3 }), (shuffled) => {
        expect(configOf(shuffled, 'default').version).toBe(version);
      }),
    );
    const settings = { a: '1', b: '2' };
    expect(
      configOf([...views.filter(({ id }) => id !== 'c2'), { ...http, settings }], 'default').version,
    ).toBe(version);
    expect(configOf([{ ...checkView, state: 'down' }, http, views[2]!], 'default').version).toBe(version);
    expect(configOf([{ ...checkView, port: 81 }, http, views[2]!], 'default').version).not.toBe(version);
    expect(configOf(views, 'other').version).not.toBe(version);
  });
  it('is no larger than an agent takes, and says what was left out', () => {
    const many = Array.from({ length: configChecksMax + 7 }, (_, at) => ({ ...checkView, id: `c${at}` }));
    expect(configOf(many, 'default')).toMatchObject({ leftOut: 7, checks: { length: configChecksMax } });
    const settings = { body_contains: 'x'.repeat(4_000) };
    const large = configOf(
      many.map((view) => ({ ...view, settings })),
      'default',
    );
    expect(large.leftOut).toBeGreaterThan(3_000);
    const bytes = gatewayMethods().GetConfig!.responseSerialize(configAnswer(large, '', 0)).length;
    expect(bytes).toBeLessThan(configBytesMax);
  });
  it('is sent to who has another, and not again', () => {
    const config = configOf([checkView], 'default');
    expect(configAnswer(config, 'older', 5_000)).toMatchObject({
      notModified: false,
      configTimestamp: 5,
      checks: { length: 1 },
    });
    const same = configAnswer(config, config.version, 5_000);
    expect(same).toMatchObject({ notModified: true, configVersion: config.version, checks: [] });
    expect([same.heartbeatIntervalSec, same.configPollIntervalSec]).toEqual([30, 300]);
  });
});
