/**
 * The watching thread of watchdog.ts: ticks, asks watchdog-judge.ts, takes the main thread's stack through the inspector,
 * writes the report itself and, past the limit, ends the process: the main thread can do neither.
 */
import { appendFileSync, writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from './clock.ts';
import { watchdogStackFramesMax, watchdogStackWaitMs, watchdogTickMs } from './limits.ts';
import type { BlockedReport, WatchOrder } from './watchdog.ts';
import { judgeTick, type WatchEffect, watchStart } from './watchdog-judge.ts';

interface Paused {
  readonly params: {
    readonly callFrames: readonly {
      readonly functionName: string;
      readonly location: {
        readonly scriptId: string;
        readonly lineNumber: number;
        readonly columnNumber?: number;
      };
    }[];
  };
}

const order = workerData as WatchOrder;
const clock = systemClock();
const limits = { ...order, tickMs: watchdogTickMs };
let state = watchStart;
let last: BlockedReport = { blockedMs: 0, stack: [] };

function tick(): void {
  clock.timer(watchdogTickMs, tick);
  const verdict = judgeTick(state, Atomics.load(order.beats, 0), limits);
  state = verdict.state;
  if (verdict.effect !== null) void perform(verdict.effect);
}

async function perform(effect: WatchEffect): Promise<void> {
  const { blockedMs } = effect;
  if (effect.type === 'recovered') {
    parentPort?.postMessage({ ...last, blockedMs });
    return;
  }
  const stack = await stackOfMain();
  last = { blockedMs, stack: stack.length > 0 ? stack : last.stack };
  const ends = effect.type === 'end';
  write(ends ? 'event loop blocked: the process ends' : 'event loop blocked', last);
  if (ends) process.kill(order.pid, 'SIGKILL');
}

function write(msg: string, report: BlockedReport): void {
  const time = new Date(clock.wallMs()).toISOString();
  const line = `${JSON.stringify({ ...order.fields, time, msg, ...report })}\n`;
  try {
    if (order.reportTo === 2) writeSync(2, line);
    else appendFileSync(order.reportTo, line);
  } catch {
    // A full disk must not keep a hung process.
  }
}

/** Interrupts the main thread for a moment. Empty when it does not answer: it is in a system call. */
function stackOfMain(): Promise<string[]> {
  return new Promise((resolve) => {
    const session = new Session();
    const urls = new Map<string, string>();
    const done = (stack: string[]) => {
      cancel();
      session.disconnect();
      resolve(stack);
    };
    const cancel = clock.timer(watchdogStackWaitMs, () => done([]));
    try {
      session.connectToMainThread();
      session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
      session.once('Debugger.paused', (event) => {
        const { callFrames } = (event as unknown as Paused).params;
        const stack = callFrames.slice(0, watchdogStackFramesMax).map((frame) => {
          const { scriptId, lineNumber, columnNumber = 0 } = frame.location;
          return `${frame.functionName || '(anonymous)'} ${urls.get(scriptId) ?? ''}:${lineNumber + 1}:${columnNumber + 1}`;
        });
        session.post('Debugger.resume', () => done(stack));
      });
      session.post('Debugger.enable');
      session.post('Debugger.pause');
    } catch {
      done([]);
    }
  });
}

tick();
