import { afterEach, describe, expect, test } from 'vitest';
import { createAuthority, issueNode } from '../../certs/index.ts';
import { manualClock, seededRandom, systemClock } from '../../runtime/index.ts';
import { until } from '../../test/e2e/picket.ts';
import { type RunningNode, startNode } from '../index.ts';
import type { AddressSource, SourceCall } from '../ports/address-source.ts';
import type { DialOutcome } from './decision.ts';
import { sourceStopMs } from './limits.ts';
import { Seeker } from './seeker.ts';

const clock = systemClock();
const running: RunningNode[] = [];
const listen = '127.0.0.1:0';
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
});

/** A source that tells what the test lets it tell. */
function handheld() {
  const calls: SourceCall[] = [];
  const source: AddressSource = {
    title: 'a hand',
    pauseMs: 0,
    session: (call) =>
      new Promise((resolve) => {
        calls.push(call);
        call.signal.addEventListener('abort', () => resolve());
      }),
  };
  return { source, calls, tell: (...addresses: string[]) => calls.at(-1)!.tell(addresses) };
}

describe('a node of the library', () => {
  async function start(name: string, more: Partial<Parameters<typeof startNode>[0]>) {
    const logs: { message: string; fields: Record<string, unknown> }[] = [];
    const credential = await issueNode(await authority, { role: 'core', name }, clock);
    const log = (_level: string, message: string, fields: Record<string, unknown>) => {
      logs.push({ message, fields });
    };
    const node = await startNode({ credential, listen, log, ...more });
    running.push(node);
    return { node, logs };
  }
  const authority = createAuthority('example.org', clock);

  test('finds the others by a source of its own, and dials itself under another name only once', async () => {
    const hand = handheld();
    const { node, logs } = await start('a', { discovery: hand.source });
    const { node: other } = await start('b', {});
    expect(hand.calls[0]!.own).toBe(node.address);
    const alias = node.address.replace('127.0.0.1', 'localhost');
    const toItself = () =>
      logs.filter(({ fields }) => fields.address === alias && `${fields.detail}`.includes('the node itself'))
        .length;
    hand.tell(alias, node.address);
    await until('the dial of itself', 10_000, () => toItself() > 0);
    hand.tell();
    hand.tell(alias, node.address);
    hand.tell(alias, other.address.replace('127.0.0.1', 'localhost'));
    await until('the other', 10_000, () => node.members.live('core').join() === 'a,b');
    expect(toItself()).toBe(1);
    expect(node.members.list().map(({ name, status }) => `${name} ${status}`)).toEqual(['a up', 'b up']);
  });

  test('says once, with the verdict, that it is refused where it dials', async () => {
    const stranger = await issueNode(
      await createAuthority('example.org', clock),
      { role: 'core', name: 'c' },
      clock,
    );
    const { node } = await start('a', {});
    const { logs } = await start('b', { credential: stranger, seeds: [node.address] });
    const said = () => logs.filter(({ message }) => message === 'addresses of discovery do not answer');
    const line = await until('the line', 10_000, () => said()[0] ?? null);
    expect(line.fields.which).toEqual([node.address]);
    expect(String(line.fields.codes)).toMatch(/^(peer_)?refused unknown_authority$/);
  });

  test('takes seeds or a source, not both', async () => {
    const both = start('a', { discovery: handheld().source, seeds: ['127.0.0.1:1'] });
    await expect(both).rejects.toMatchObject({ code: 'discovery_setting' });
  });
});

describe('a seeker', () => {
  function seeker(source: AddressSource, answer: (address: string) => DialOutcome) {
    const manual = manualClock();
    const dials: string[] = [];
    const said: string[] = [];
    const one = new Seeker({
      source,
      clock: manual,
      random: seededRandom(1),
      reach(address, outcome) {
        dials.push(address);
        outcome(answer(address));
      },
      log: (level, message) => {
        if (level !== 'debug') said.push(message);
      },
    });
    return { one, manual, dials, said };
  }

  test('whose dials fail within the call goes on, slowly', async () => {
    const hand = handheld();
    const { one, manual, dials } = seeker(hand.source, () => ({ type: 'failed', code: 'refused' }));
    one.begin(['10.0.0.1:7400']);
    hand.tell('10.0.0.2:7400');
    await manual.advance(60_000);
    expect(dials.length).toBeGreaterThan(5);
    expect(dials.length).toBeLessThan(17);
    await one.stop();
    await manual.advance(60_000);
    expect(dials.length).toBeLessThan(17);
  });

  test('outlives a source that throws whatever it likes, also at once', async () => {
    let calls = 0;
    const source: AddressSource = {
      title: 'a bad one',
      pauseMs: 0,
      session() {
        calls += 1;
        if (calls % 3 === 0) throw new Error('at once');
        return Promise.reject(calls % 3 === 1 ? null : 'a text');
      },
    };
    const { one, manual, said } = seeker(source, () => ({ type: 'busy' }));
    one.begin([]);
    await manual.advance(600_000);
    expect(calls).toBeGreaterThan(20);
    expect(calls).toBeLessThan(60);
    expect(said).toEqual(['discovery fails: the last addresses count']);
    await one.stop();
  });

  test('that is stopped waits for its source, but not for ever, and does nothing afterwards', async () => {
    const calls: SourceCall[] = [];
    const source: AddressSource = {
      title: 'a slow one',
      pauseMs: 0,
      session: (call) => {
        calls.push(call);
        return new Promise(() => {});
      },
    };
    const { one, manual, dials } = seeker(source, () => ({ type: 'busy' }));
    one.begin([]);
    let stopped = false;
    void one.stop().then(() => {
      stopped = true;
    });
    await manual.advance(sourceStopMs - 1);
    expect([stopped, calls[0]!.signal.aborted]).toEqual([false, true]);
    await manual.advance(1);
    expect(stopped).toBe(true);
    calls[0]!.tell(['10.0.0.2:7400']);
    expect(dials).toEqual([]);
  });
});
