/**
 * `stop` and `restart`: the end of an actor of this node, and its end where a supervisor begins it anew. Supervised
 * children of the cluster have an id of their own and are stopped everywhere.
 */
import { type ChildInfo, isRef, type Ref } from '../../runtime/index.ts';
import type { ShellCall, ShellCommand } from '../command.ts';
import { ShellError } from '../errors.ts';
import { actorWords, findActorHere } from '../find-actor.ts';
import { actorEndMs, askDeadlineMs, restartLookMs } from '../limits.ts';
import { readWords } from '../read-words.ts';

const stopUsage = 'stop ACTOR [--kill] | stop --child ID';
const restartUsage = 'restart ACTOR [--kill]';

export const stopCommand: ShellCommand = {
  ...{
    name: 'stop',
    usage: stopUsage,
    summary: 'end an actor of this node, or a child of the cluster',
    forTenants: true,
  },
  examples: ['stop 17', 'stop 17 --kill', "stop --child 'meter 7'"],
  ...{ access: 'write', deadlineMs: askDeadlineMs },
  async *run(call) {
    const read = readWords(call.words, {
      ...{ usage: stopUsage, values: ['child'], switches: ['kill'], least: 0, most: 1 },
    });
    const [name] = read.rest;
    const child = read.value('child');
    if ((name === undefined) === (child === null)) throw new ShellError('bad_words', `usage: ${stopUsage}`);
    if (child !== null) {
      await stopChild(call, child);
      yield `child ${child} is stopped\n`;
      return;
    }
    const ref = findActorHere(call, name!);
    const reason = await end(call, ref, read.has('kill'));
    yield `${ref} ended: ${reason}\n`;
  },
  complete: async (call, _word, at) => (at === 0 ? actorWords(call) : []),
};

export const restartCommand: ShellCommand = {
  ...{
    name: 'restart',
    usage: restartUsage,
    summary: 'end an actor that its supervisor begins anew',
    forTenants: true,
  },
  ...{ examples: ['restart 17'], access: 'write', deadlineMs: askDeadlineMs },
  async *run(call) {
    const read = readWords(call.words, { usage: restartUsage, switches: ['kill'], least: 1, most: 1 });
    const ref = findActorHere(call, read.rest[0]!);
    const supervisor = supervisorOf(call, ref);
    const id = supervisor().find((one) => one.ref?.id === ref.id)?.id;
    if (id === undefined)
      throw new ShellError('not_supervised', `no supervisor of this node would begin ${ref} anew`);
    const reason = await end(call, ref, read.has('kill'));
    yield `${ref} ended: ${reason}\n`;
    const again = await begunAnew(call, () => supervisor().find((one) => one.id === id)?.ref ?? null, ref);
    yield again === null ? `${id} was not begun anew: see tree\n` : `${id} is ${again} now\n`;
  },
  complete: async (call, _word, at) => (at === 0 ? actorWords(call) : []),
};

async function stopChild({ node, scope }: ShellCall, id: string): Promise<void> {
  const { tenant } = scope;
  if (tenant !== null && !node.supervisor.list().some((row) => row.id === id && row.tenant === tenant))
    throw new ShellError('no_such_child', `nobody wants a child "${id}"`);
  await node.supervisor.stop(id);
}

/** Asks as its own starter would, so that one that traps exits ends in order. */
async function end({ node }: ShellCall, ref: Ref, kills: boolean): Promise<string> {
  const { system } = node;
  const ended = system.ended(ref);
  const from = system.find(ref)?.parent ?? null;
  if (kills || from === null) system.exit(ref, kills ? 'kill' : 'shutdown');
  else system.relations.sendExit(from, ref, 'shutdown', null, false);
  let cancel = () => {};
  const late = new Promise<null>((resolve) => {
    cancel = system.clock.timer(actorEndMs, () => resolve(null));
  });
  const reason = await Promise.race([ended, late]);
  cancel();
  if (reason !== null) return reason;
  throw new ShellError('still_runs', `${ref} did not end within ${actorEndMs} ms: stop it with --kill`);
}

function supervisorOf({ node: { system } }: ShellCall, ref: Ref): () => ChildInfo[] {
  const parent = system.find(ref)?.parent ?? null;
  return () => {
    const told = parent === null ? null : system.find(parent)?.ties?.about?.();
    return Array.isArray(told) ? (told as ChildInfo[]) : [];
  };
}

async function begunAnew(call: ShellCall, look: () => Ref | null, before: Ref): Promise<Ref | null> {
  const { clock } = call.node.system;
  const endMs = clock.monotonicMs() + actorEndMs;
  while (clock.monotonicMs() < endMs && !call.signal.aborted) {
    const now = look();
    if (isRef(now) && now.id !== before.id) return now;
    await new Promise<void>((resolve) => void clock.timer(restartLookMs, resolve));
  }
  return null;
}
