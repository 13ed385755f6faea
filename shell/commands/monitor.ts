/**
 * `monitor`: what happens, as it happens: members and their status, suspicions among them, names, and on this node crashes,
 * restarts and messages that nobody took. An operator of one tenant is told of that tenant's nodes, names and actors alone.
 */
import { formatKey, type Member, type NameEvent } from '../../cluster/index.ts';
import { isSeen, type SystemEvent } from '../../runtime/index.ts';
import { show } from '../answer-rows.ts';
import type { ShellCall, ShellCommand } from '../command.ts';
import { liveLookMs, liveWaitingMax } from '../limits.ts';
import { Pause } from '../pause.ts';
import { readWords } from '../read-words.ts';
import { sightOf } from '../sight.ts';

const usage = 'monitor [--no-names]';

export const monitorCommand: ShellCommand = {
  ...{ name: 'monitor', usage, summary: 'members, names, restarts, crashes and dead letters as they come' },
  examples: ['monitor', 'monitor --no-names'],
  ...{ access: 'read', forTenants: true, deadlineMs: null },
  async *run(call) {
    const read = readWords(call.words, { usage, switches: ['no-names'], least: 0, most: 0 });
    const { clock } = call.node.system;
    const pause = new Pause(clock, call.signal);
    const told = new Told(clock.wallMs.bind(clock), () => pause.wake());
    const stop = new AbortController();
    try {
      const members = watch(call, told, stop.signal, !read.has('no-names'));
      yield `${members.count} members; Ctrl-C ends\n`;
      while (!call.signal.aborted) {
        const lines = told.take();
        if (lines === '') await pause.wait(liveLookMs * 10);
        else yield lines;
      }
    } finally {
      stop.abort();
    }
  },
};

/** Lines that wait for their reader: so many of them, the rest is counted. */
class Told {
  private readonly wallMs: () => number;
  private readonly wake: () => void;
  private readonly lines: string[] = [];
  private missed = 0;

  constructor(wallMs: () => number, wake: () => void) {
    this.wallMs = wallMs;
    this.wake = wake;
  }

  add(kind: string, text: string): void {
    if (this.lines.length >= liveWaitingMax) {
      this.missed += 1;
      return;
    }
    const at = new Date(this.wallMs()).toISOString().slice(11, 23);
    this.lines.push(`${at}  ${kind.padEnd(11)} ${show(text).slice(0, 400)}\n`);
    this.wake();
  }

  take(): string {
    const text = this.lines.splice(0, 60).join('');
    if (this.lines.length > 0 || this.missed === 0) return text;
    const missed = `... and ${this.missed} more that nobody waited for\n`;
    this.missed = 0;
    return `${text}${missed}`;
  }
}

function watch(call: ShellCall, told: Told, signal: AbortSignal, withNames: boolean): { count: number } {
  const { node, scope } = call;
  const { tenant } = scope;
  let known = membersOf(call);
  const count = known.size;
  node.members.watch(() => {
    const now = membersOf(call);
    for (const [name, member] of now) {
      const before = known.get(name);
      if (before?.status === member.status && before.boot === member.boot) continue;
      const why = tenant === null || member.tenant === tenant ? reasonOf(member) : '';
      told.add('member', `${name} is ${member.status}${before ? ` (was ${before.status})` : ''}  ${why}`);
    }
    for (const name of known.keys()) if (!now.has(name)) told.add('member', `${name} is forgotten`);
    known = now;
  }, signal);
  if (withNames) {
    const onName = ({ type, entry }: NameEvent) =>
      told.add('name', `${formatKey(entry.key)} ${type} on ${entry.node}`);
    node.names.watch(tenant === null ? {} : { tenant }, onName, signal, false);
  }
  node.system.watchers.watch((event) => system(call, told, event), signal);
  return { count };
}

/** Without the status that it begins with. */
function reasonOf({ because, status }: Member): string {
  const last = because.at(-1) ?? '';
  return last.startsWith(`${status}: `) ? last.slice(status.length + 2) : last;
}

/** Whose nodes these are for this session: an operator of one tenant sees those of the tenant. */
function membersOf({ node, scope }: ShellCall): Map<string, Member> {
  const seen = node.members.list().filter(({ tenant }) => scope.tenant === null || tenant === scope.tenant);
  return new Map(seen.map((member) => [member.name, member]));
}

function system(call: ShellCall, told: Told, event: SystemEvent): void {
  // What a tenant's actor was is known for as long as it lives: a message for one that ended is nobody's. Actors of other nodes
  // and boots have the same numbers.
  if (!isSeen(call.node.system, sightOf(call), event.ref)) return;
  const all = call.scope.tenant === null;
  switch (event.type) {
    case 'crashed': {
      const path = all ? event.path : (event.path.split(' > ').at(-1) ?? '');
      // What a node of ours says of itself may name what is not the tenant's.
      const why = all ? `: ${event.error}` : '';
      told.add('crashed', `${path} ${event.ref.id} in ${event.during}${why}`);
      return;
    }
    case 'restarted': {
      const by = all ? ` by ${event.name} ${event.supervisor.id}` : '';
      told.add('restarted', `${event.child} ${event.ref.id}${by}, ${event.restarts} times now`);
      return;
    }
    case 'dead_letter':
      told.add('dead letter', `${event.method} to ${event.ref}: ${event.why}`);
      return;
  }
}
