/** A check, or what is to change of one, from what a person or a file says: flags of `check add` and `check edit`, rows of `check import`. Pure. */
import {
  type CheckEdit,
  type CheckKind,
  checkKinds,
  defaultPartition,
  type NewCheck,
} from '../actors/index.ts';
import { parseDuration } from './durations.ts';
import { usage } from './failure.ts';

/** As it stands on the command line or in a file: texts, or numbers and objects in a file. */
export interface CheckFlags {
  name?: unknown;
  kind?: unknown;
  target?: unknown;
  port?: unknown;
  interval?: unknown;
  interval_ms?: unknown;
  timeout?: unknown;
  timeout_ms?: unknown;
  retries?: unknown;
  partition?: unknown;
  set?: unknown;
  settings?: unknown;
}

const known: readonly string[] = [
  'name',
  'kind',
  'target',
  'port',
  'interval',
  'interval_ms',
  'timeout',
  'timeout_ms',
  'retries',
  'partition',
  'set',
  'settings',
  'tenant',
];

/** Throws a usage failure that names the field. */
export function readCheck(flags: CheckFlags): NewCheck {
  for (const field of Object.keys(flags)) {
    if (!known.includes(field)) throw usage(`unknown field "${field}": a check has ${known.join(', ')}`);
  }
  const kind = textOf(flags.kind, 'kind');
  if (!(checkKinds as readonly string[]).includes(kind))
    throw usage(`kind "${kind}": one of ${checkKinds.join(', ')}`);
  const target = textOf(flags.target, 'target');
  const port = flags.port === undefined || flags.port === null ? null : wholeOf(flags.port, 'port');
  if (kind === 'tcp' && port === null) throw usage('a tcp check needs a port: --port 22');
  const intervalMs = millisecondsOf(flags.interval, flags.interval_ms, 'interval', 5_000);
  return {
    name: flags.name === undefined ? target : textOf(flags.name, 'name'),
    kind: kind as CheckKind,
    target,
    port,
    partition: flags.partition === undefined ? defaultPartition : textOf(flags.partition, 'partition'),
    intervalMs,
    // A run that may take as long as the interval would meet its successor.
    timeoutMs: millisecondsOf(
      flags.timeout,
      flags.timeout_ms,
      'timeout',
      Math.min(2_000, Math.floor(intervalMs * 0.8)),
    ),
    retries: flags.retries === undefined ? 3 : wholeOf(flags.retries, 'retries'),
    settings: settingsOf(flags.set ?? flags.settings ?? {}),
  };
}

/** Of `check edit`: what is said, and nothing else. Throws a usage failure when nothing is. */
export function readEdit(flags: CheckFlags): CheckEdit {
  const { name, target, port, interval, timeout, retries, set } = flags;
  const edit: CheckEdit = {
    ...(name === undefined ? {} : { name: textOf(name, 'name') }),
    ...(target === undefined ? {} : { target: textOf(target, 'target') }),
    ...(port === undefined ? {} : { port: wholeOf(port, 'port') }),
    ...(interval === undefined ? {} : { intervalMs: millisecondsOf(interval, undefined, 'interval', 0) }),
    ...(timeout === undefined ? {} : { timeoutMs: millisecondsOf(timeout, undefined, 'timeout', 0) }),
    ...(retries === undefined ? {} : { retries: wholeOf(retries, 'retries') }),
    ...(Array.isArray(set) && set.length > 0 ? { settings: settingsOf(set) } : {}),
  };
  if (Object.keys(edit).length > 0) return edit;
  throw usage(
    'nothing is to be changed: say --interval, --timeout, --retries, --name, --target, --port or --set',
  );
}

function textOf(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw usage(value === undefined ? `a check needs a ${field}` : `${field}: a text was expected`);
}

function wholeOf(value: unknown, field: string): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number;
  throw usage(`${field} "${String(value)}": a whole number was expected`);
}

function millisecondsOf(text: unknown, ms: unknown, field: string, otherwise: number): number {
  if (ms !== undefined) return wholeOf(ms, `${field}_ms`);
  if (text === undefined) return otherwise;
  if (typeof text === 'number') throw usage(`${field} ${text}: write "5s", or ${field}_ms for milliseconds`);
  return parseDuration(textOf(text, field), field);
}

/** `k=v` texts, or an object. */
function settingsOf(given: unknown): Record<string, string> {
  const settings: [string, string][] = [];
  if (Array.isArray(given)) {
    for (const pair of given) {
      const at = String(pair).indexOf('=');
      if (at <= 0) throw usage(`--set "${String(pair)}": write NAME=VALUE`);
      settings.push([String(pair).slice(0, at), String(pair).slice(at + 1)]);
    }
  } else if (typeof given === 'object' && given !== null) {
    for (const [name, value] of Object.entries(given)) settings.push([name, String(value)]);
  } else throw usage('settings: an object was expected');
  return Object.fromEntries(settings);
}
