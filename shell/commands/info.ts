/**
 * `info`: this node at a glance: who it is, how its process and its loop do, what its actors have done, and which of its bounds
 * are nearly reached. An operator of one tenant is told of that tenant's actors; the rest of the node is all tenants'.
 */
import type { Fullness, LinkView } from '../../cluster/index.ts';
import { inspectActor, lookAtActivity, noMarks, pacedResult } from '../../runtime/index.ts';
import { show } from '../answer-rows.ts';
import type { ShellCall, ShellCommand } from '../command.ts';
import { wrapped } from '../fit-lines.ts';
import { askDeadlineMs, nearFullShare } from '../limits.ts';
import { showBytes, showTime } from '../read-amount.ts';
import { readWords } from '../read-words.ts';
import { sightOf } from '../sight.ts';

const usage = 'info [--json]';

/** Sections, each with its figures; programs read the figures, people the lines made of them. */
type Figures = Readonly<Record<string, string | number | null>>;
type Info = Readonly<Record<string, Figures>>;

export const infoCommand: ShellCommand = {
  ...{ name: 'info', usage, summary: 'this node at a glance: process, loop, actors, links, bounds' },
  examples: ['info', 'info --json | jq .process'],
  ...{ access: 'read', forTenants: true, deadlineMs: askDeadlineMs },
  async *run(call) {
    const read = readWords(call.words, { usage, switches: ['json'], least: 0, most: 0 });
    const { node, signal, scope } = call;
    const { clock } = node.system;
    const sight = sightOf(call);
    const look = await pacedResult(lookAtActivity(node.system, sight, noMarks, 'mailbox', 1), clock, signal);
    if (look === null) return;
    const { totals, first } = look;
    const actors: Figures = {
      actors: totals.actors,
      messages_handled: totals.messages,
      busy_ms: Math.round(totals.busyMs),
      messages_waiting: totals.mailbox,
      fullest_mailbox: first[0] === undefined ? null : `${first[0].name} ${first[0].id}: ${first[0].mailbox}`,
    };
    const info: Info =
      scope.tenant === null
        ? { ...own(call), ...processOf(call), actors, ...(await shared(call)) }
        : { ...own(call), actors };
    const full = scope.tenant === null ? [...node.looking.fullness(), ...mailboxOf(call, first[0]?.id)] : [];
    const near = full.filter(({ used, max }) => used / max >= nearFullShare);
    if (read.has('json')) {
      yield `${JSON.stringify({ ...info, ...(scope.tenant === null && { near_full: near }) })}\n`;
      return;
    }
    const text = linesOf(info) + (scope.tenant === null ? limitsLine(near, full) : '');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => wrapped(line, call.columns, 13));
    yield `${lines.join('\n')}\n`;
  },
};

/** The fullest one. */
function mailboxOf({ node }: ShellCall, id: number | undefined): Fullness[] {
  const seen = id === undefined ? null : inspectActor(node.system, String(id));
  return seen === null
    ? []
    : [{ what: `mailbox of ${seen.name} ${id}`, used: seen.mailbox.user, max: seen.mailboxMax }];
}

function own({ node, scope }: ShellCall): Info {
  const { looking, system } = node;
  const self = node.members.list().find(({ name }) => name === node.node);
  const upMs = system.clock.monotonicMs() - looking.startedMs;
  return {
    node: {
      name: node.node,
      role: self?.role ?? null,
      status: self?.status ?? null,
      version: looking.version,
      node_version: process.versions.node,
      ...(scope.tenant === null && { boot: node.boot, up: showTime(upMs), up_ms: Math.round(upMs) }),
    },
  };
}

function processOf({ node }: ShellCall): Info {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const { lag } = node.members;
  const nowMs = node.system.clock.monotonicMs();
  return {
    process: {
      ...{ pid: process.pid, rss: showBytes(rss), heap_used: showBytes(heapUsed) },
      ...{ heap_total: showBytes(heapTotal), buffers: showBytes(external) },
      ...{ rss_bytes: rss, heap_used_bytes: heapUsed, heap_total_bytes: heapTotal, buffers_bytes: external },
    },
    loop: {
      lag_ms: tenths(lag.lastMs),
      worst_lag_ms_1m: tenths(lag.worstMs(nowMs)),
      pauses: node.members.pauses,
      yields: node.system.counts().yields,
    },
  };
}

async function shared({ node, ask }: ShellCall): Promise<Info> {
  const { crashes, zombies, deadLetters, refused } = node.system.counts();
  const links = await ask<LinkView[]>(node.node, 'links', null);
  const sum = (of: (link: LinkView) => number) => links.reduce((all, link) => all + of(link), 0);
  return {
    since_start: { crashes, zombies, dead_letters: deadLetters, messages_refused: refused },
    links: {
      open: links.filter(({ state }) => state === 'open').length,
      greeting: links.filter(({ state }) => state === 'greeting').length,
      frames_in: sum((link) => link.framesIn),
      frames_out: sum((link) => link.framesOut),
      bytes_in: sum((link) => link.bytesIn),
      bytes_out: sum((link) => link.bytesOut),
      queued_bytes: sum((link) => link.queuedBytes),
      refused: sum((link) => link.refused),
    },
  };
}

function linesOf(info: Info): string {
  const lines: string[] = [];
  for (const [section, figures] of Object.entries(info)) {
    const shown = Object.entries(figures).filter(([key]) => !isForPrograms(key, figures));
    const text = shown.map(([key, value]) => figure(key, value)).join(', ');
    lines.push(`${section.replaceAll('_', ' ').padEnd(12)} ${text}\n`);
  }
  return lines.join('');
}

/** A unit stands behind its number. */
function figure(key: string, value: string | number | null): string {
  if (key === 'worst_lag_ms_1m') return `worst lag of a minute ${show(value)} ms`;
  const isMs = key.endsWith('_ms');
  return `${(isMs ? key.slice(0, -3) : key).replaceAll('_', ' ')} ${show(value)}${isMs ? ' ms' : ''}`;
}

/** The same figure stands beside it in words. */
function isForPrograms(key: string, figures: Figures): boolean {
  return (key.endsWith('_bytes') && Object.hasOwn(figures, key.slice(0, -6))) || key === 'up_ms';
}

function limitsLine(near: readonly Fullness[], all: readonly Fullness[]): string {
  const text =
    near.length === 0
      ? `none of ${all.map(({ what }) => what).join(', ')} is half full`
      : near.map(({ what, used, max }) => `${what}: ${used} of ${max}`).join(', ');
  return `${'limits'.padEnd(12)} ${text}\n`;
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
