import { afterEach, describe, expect, it } from 'vitest';
import { runCommand } from '../actors/messages.ts';
import { type Cluster, ClusterError, formatKey, type Metadata, type RegistryKey } from '../cluster/index.ts';
import type { ControlStreamResponse } from '../proto/index.ts';
import { ActorSystem, manualClock, type Ref } from '../runtime/index.ts';
import { configOf } from './agent-config.ts';
import { Agents } from './agents.ts';
import type { ControlWires } from './control-wires.ts';
import { type AgentFacts, edgeAgent } from './edge-agent.ts';
import {
  agentLingerMs,
  configLookMs,
  nameRetryMs,
  nameSettleMs,
  nameTellMs,
  nameTellsAtOnceMax,
} from './limits.ts';
import type { EdgePeer } from './peer.ts';
import { checkView } from './testing/stage.ts';

const peer: EdgePeer = { tenantId: 'abcdefghijkl', role: 'agent', id: 'a', partition: 'branch' };
const facts: AgentFacts = { capabilities: ['tcp'], version: '1', hostname: 'h', os: 'linux', arch: 'x64' };
const systems: ActorSystem[] = [];

afterEach(() => {
  for (const system of systems.splice(0)) expect(system.counts().crashes).toBe(0);
});

function stage() {
  const clock = manualClock();
  const system = new ActorSystem({ clock, node: 'poller_1', boot: 1 });
  systems.push(system);
  const names = new Map<string, Metadata>();
  const register = (key: RegistryKey, ref: Ref, metadata: Metadata) => {
    const text = formatKey(key);
    if (names.has(text)) throw new ClusterError('name_taken', text);
    names.set(text, metadata);
    void system.ended(ref).then(() => names.delete(text));
  };
  const told = { updates: 0 };
  const update = (key: RegistryKey, metadata: Metadata) => {
    told.updates += 1;
    names.set(formatKey(key), metadata);
  };
  const cluster = { names: { register, update } } as unknown as Cluster;
  const sent: { wire: number; message: ControlStreamResponse }[] = [];
  const ended: number[] = [];
  const wires = {
    send: (wire: number, message: ControlStreamResponse) => sent.push({ wire, message }) > 0,
    end: (wire: number) => void ended.push(wire),
  } as unknown as ControlWires;
  const state = { checks: [{ ...checkView, partition: 'branch' }], looks: 0 };
  const config = async ({ partition }: EdgePeer) => {
    state.looks += 1;
    return configOf(state.checks, partition);
  };
  const definition = edgeAgent({ cluster, wires, config });
  const agents = new Agents({ system, clock, start: (of) => system.spawn(definition, of) });
  return { clock, system, names, told, sent, ended, state, agents, key: `${peer.tenantId}/branch/agent/a` };
}

describe('the actor of an agent', () => {
  it('has its name while it is connected here, and a little longer', async () => {
    const { agents, clock, names, key, system } = stage();
    agents.joined(peer);
    agents.joined(peer);
    await clock.advance(nameSettleMs);
    expect(names.get(key)).toMatchObject({ status: 'connected', partitions: ['branch'], load: 0 });
    system.cast(agents.actorOf(peer)!).hello(facts, '');
    await clock.advance(1);
    expect(names.get(key)).toMatchObject({ capabilities: ['tcp'], hostname: 'h' });
    agents.left(peer);
    await clock.advance(2 * agentLingerMs);
    expect(names.has(key)).toBe(true);
    agents.left(peer);
    await clock.advance(agentLingerMs - 1);
    agents.joined(peer);
    await clock.advance(2 * agentLingerMs);
    expect(names.has(key)).toBe(true);
    agents.left(peer);
    await clock.advance(agentLingerMs + 1);
    expect([names.has(key), agents.size]).toEqual([false, 0]);
  });

  it('has its name with its first word, and tells of the rest at once when it listens and has its config', async () => {
    const { agents, clock, system, names, told, key, state } = stage();
    agents.joined(peer);
    await clock.advance(1);
    const actor = agents.actorOf(peer)!;
    expect(names.has(key)).toBe(false);
    system.cast(actor).hello(facts, '');
    await clock.advance(1);
    expect(names.get(key)).toMatchObject({ hostname: 'h', capabilities: ['tcp'], listens: false });
    system.cast(actor).listens(1, facts, '');
    await clock.advance(1);
    const { version: config } = configOf(state.checks, 'branch');
    expect(names.get(key)).toMatchObject({ hostname: 'h', listens: true, runs_config: true, config });
    await clock.advance(2 * nameSettleMs);
    expect(told.updates).toBe(1);
    system.cast(actor).hungUp(1);
    await clock.advance(1);
    expect(names.get(key)).toMatchObject({ listens: false });
  });

  it('that asks for its config without a word of itself has its name at once, and is shown to run it', async () => {
    const { agents, clock, system, names, key } = stage();
    agents.joined(peer);
    system.cast(agents.actorOf(peer)!).tookConfig('v');
    await clock.advance(1);
    expect(names.get(key)).toMatchObject({ runs_config: true, config: 'v' });
  });

  it('that can run something else than it said before is shown so before its share is looked at', async () => {
    const { agents, clock, system, names, key } = stage();
    agents.joined(peer);
    const actor = agents.actorOf(peer)!;
    system.cast(actor).hello(facts, '');
    system.cast(actor).hello({ ...facts, capabilities: ['http'] }, '');
    await clock.advance(1);
    expect(names.get(key)).toMatchObject({ capabilities: ['http'], listens: false });
  });

  it('that is told what to run, and given no config, listens at once for all nodes', async () => {
    const { agents, clock, system, names, key, sent } = stage();
    agents.joined(peer);
    const told = { ...facts, capabilities: [runCommand] };
    system.cast(agents.actorOf(peer)!).listens(1, told, '');
    await clock.advance(1);
    expect(names.get(key)).toMatchObject({ listens: true, runs_config: false });
    expect(sent).toEqual([]);
  });

  it('is not the one of the same id in another partition: each has its own name, config and commands', async () => {
    const { agents, clock, names, sent, state, system } = stage();
    state.checks = [
      { ...state.checks[0]!, id: 'c1', partition: 'branch' },
      { ...state.checks[0]!, id: 'c2', partition: 'lab' },
    ];
    const other = { ...peer, partition: 'lab' };
    agents.joined(peer);
    agents.joined(other);
    await clock.advance(nameSettleMs);
    expect([...names.keys()].map((key) => key.split('/')[1])).toEqual(['branch', 'lab']);
    system.cast(agents.actorOf(peer)!).listens(1, facts, '');
    system.cast(agents.actorOf(other)!).listens(2, facts, '');
    await clock.advance(1);
    const given = sent.map(({ wire, message }) => [
      wire,
      'config' in message ? message.config.checks.map(({ checkId }) => checkId) : [],
    ]);
    expect(given).toEqual([
      [1, ['c1']],
      [2, ['c2']],
    ]);
    agents.left(other);
    await clock.advance(agentLingerMs + 1);
    expect([...names.keys()].map((key) => key.split('/')[1])).toEqual(['branch']);
  });

  it('that says something else of itself all the time is told of now and then, and at last as it is', async () => {
    const { agents, clock, names, told, key, system } = stage();
    agents.joined(peer);
    await clock.advance(nameSettleMs);
    for (let at = 1; at <= 1_000; at += 1) {
      system.cast(agents.actorOf(peer)!).hello({ ...facts, hostname: `h${at}` }, '');
      await clock.advance(1);
    }
    expect(told.updates).toBeLessThanOrEqual(nameTellsAtOnceMax + 1_000 / nameTellMs);
    await clock.advance(nameTellMs + 1);
    expect(names.get(key)).toMatchObject({ hostname: 'h1000' });
    await clock.advance(nameTellsAtOnceMax * nameTellMs);
    const before = told.updates;
    system.cast(agents.actorOf(peer)!).hello(facts, '');
    await clock.advance(1);
    expect(told.updates).toBe(before + 1);
  });

  it('waits for its name while another poller has it', async () => {
    const { agents, clock, names, key, system } = stage();
    names.set(key, { status: 'elsewhere' });
    agents.joined(peer);
    system.cast(agents.actorOf(peer)!).hello(facts, '');
    await clock.advance(nameSettleMs + nameRetryMs + 1);
    expect(names.get(key)).toEqual({ status: 'elsewhere' });
    names.delete(key);
    await clock.advance(nameRetryMs + 1);
    expect(names.get(key)).toMatchObject({ status: 'connected', hostname: 'h' });
  });

  it('sends what waited when its agent listens, and answers when time is over', async () => {
    const { agents, clock, system, sent, names, key } = stage();
    agents.joined(peer);
    const actor = agents.actorOf(peer)!;
    const asked = system.call(actor, 100_000).command('run', Buffer.from('{}'), 10);
    await clock.advance(1_000);
    expect(sent).toEqual([]);
    expect(names.get(key)).toMatchObject({ load: 1 });
    system.cast(actor).listens(7, facts, '');
    await clock.advance(1);
    expect(sent.filter(({ message }) => 'command' in message)).toMatchObject([
      { wire: 7, message: { command: { commandType: 'run', ttlSeconds: 10 } } },
    ]);
    await clock.advance(10_000);
    expect(await asked).toMatchObject({ state: 'expired' });
    expect(names.get(key)).toMatchObject({ load: 0 });
  });

  it('tells a config when it is another than the agent has, and no other time', async () => {
    const { agents, clock, system, sent, state } = stage();
    agents.joined(peer);
    const actor = agents.actorOf(peer)!;
    const { version } = configOf(state.checks, 'branch');
    system.cast(actor).listens(1, facts, version);
    await clock.advance(3 * configLookMs);
    expect(state.looks).toBeGreaterThan(2);
    expect(sent).toEqual([]);
    state.checks = [{ ...state.checks[0]!, port: 81 }];
    await clock.advance(3 * configLookMs);
    // Who listens anew is looked after once all the same.
    for (let wire = 2; wire < 9; wire += 1)
      system.cast(actor).listens(wire, facts, sent.length === 0 ? '' : version);
    await clock.advance(1);
    const before = state.looks;
    await clock.advance(4 * configLookMs);
    expect(state.looks - before).toBeLessThanOrEqual(4);
    expect(sent.slice(0, 1)).toMatchObject([
      { message: { config: { notModified: false, checks: [{ port: 81 }] } } },
    ]);
    system.cast(actor).hungUp(8);
    const { looks } = state;
    await clock.advance(5 * configLookMs);
    expect(state.looks).toBe(looks);
  });

  it('hears only the stream that its agent opened last', async () => {
    const { agents, clock, system, sent, ended } = stage();
    agents.joined(peer);
    const actor = agents.actorOf(peer)!;
    system.cast(actor).listens(1, facts, '');
    system.cast(actor).listens(2, facts, '');
    const asked = system.call(actor, 100_000).command('run', new Uint8Array(), 60);
    await clock.advance(1);
    expect(ended).toEqual([1]);
    const id = sent.flatMap(({ message }) => ('command' in message ? [message.command.commandId] : []))[0]!;
    const word = { type: 'result', success: true, message: '', payloadJson: new Uint8Array() } as const;
    system.cast(actor).says(1, id, 'run', { ...word, success: false });
    system.cast(actor).hungUp(1);
    system.cast(actor).says(2, id, 'run', word);
    await clock.advance(1);
    expect(await asked).toMatchObject({ state: 'completed' });
  });

  it('answers who asked when its agent is gone', async () => {
    const { agents, clock, system } = stage();
    agents.joined(peer);
    const asked = system.call(agents.actorOf(peer)!, 100_000).command('run', new Uint8Array(), 60);
    await clock.advance(1);
    const ending = agents.endAll();
    await clock.advance(1);
    await ending;
    expect(await asked).toMatchObject({ state: 'offline' });
  });
});
