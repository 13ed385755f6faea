import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { root } from '../tidy/tree.ts';

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process with the watchdog on and one actor; `spin` has a handler that never returns. */
function start(blockedReportMs: number, loopBlockedMsMax: number) {
  const program = `
    import { ActorSystem, defineActor, startWatchdog } from '${join(root, 'dist/runtime/index.js')}';
    const limits = ${JSON.stringify({ blockedReportMs, loopBlockedMsMax })};
    const say = (text) => process.stdout.write(text + '\\n');
    startWatchdog({ ...limits, reportTo: 2, fields: { node: 'n' }, onBlocked: (r) => say('was blocked'),
      onLost: (error) => say('lost ' + error) });
    function theHandlerThatLoops(untilMs) { while (Date.now() < untilMs) Math.sqrt(2); }
    const looper = defineActor({ name: 'looper', init: () => null, call: {},
      cast: { spin: (_self, ms) => theHandlerThatLoops(Date.now() + ms) } });
    const system = new ActorSystem();
    const ref = system.spawn(looper);
    process.stdin.on('data', (order) => {
      const [what, ms] = String(order).trim().split(' ');
      if (what === 'spin') system.cast(ref).spin(Number(ms));
      else say('alive');
    });
    setTimeout(() => say('ready'), 500);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  children.push(child);
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = once(child, 'exit').then(([code, signal]) => signal ?? code);
  /** Resolves when the text was seen, or the process is gone. */
  const until = async (text: string) => {
    while (!`${out}${errors}`.includes(text)) {
      if (out.includes('lost')) throw new Error(out);
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`ended: ${out}${errors}`);
      await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), ended]);
    }
  };
  return {
    child,
    ended,
    until,
    errors: () => errors,
    tell: (order: string) => child.stdin.write(`${order}\n`),
  };
}

test('a handler that loops is reported with its name, and its process is ended', async () => {
  const { ended, errors, tell, until } = start(500, 2_000);
  await until('ready');
  tell('spin 600000');
  expect(await ended).toBe('SIGKILL');
  const lines = errors()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { node: string; msg: string; blockedMs: number; stack: string[] });
  expect(lines.map(({ msg }) => msg)).toEqual(['event loop blocked', 'event loop blocked: the process ends']);
  for (const { node, stack } of lines) {
    expect(node).toBe('n');
    expect(stack.join('\n')).toContain('theHandlerThatLoops');
  }
});

test('a handler that comes back in time is reported, and its process lives on', async () => {
  const { errors, tell, until } = start(300, 60_000);
  await until('ready');
  tell('spin 2000');
  await until('was blocked');
  tell('ask');
  await until('alive');
  expect(errors()).toContain('theHandlerThatLoops');
});

test('a process that is stopped for longer than the limit and goes on is neither reported nor ended', async () => {
  const { child, errors, tell, until } = start(1_000, 2_000);
  await until('ready');
  child.kill('SIGSTOP');
  // Held for a stated time, half as long again as the limit.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  child.kill('SIGCONT');
  tell('ask');
  await until('alive');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  tell('ask again');
  expect(child.exitCode ?? child.signalCode).toBe(null);
  expect(errors()).toBe('');
});
