/**
 * One node under the launcher: its process, its restarts, its end. The node dies with the channel between the two, so
 * a launcher that is killed leaves no node behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../runtime/index.ts';
import { nodeDrainMs, nodeReadyMs, restartMaxMs, restartMinMs, restartSettledMs } from '../limits.ts';
import type { PlannedNode } from './plan.ts';

export interface ChildOptions {
  readonly node: PlannedNode;
  readonly script: string;
  readonly args: readonly string[];
  readonly clock: Clock;
  readonly environment: () => Record<string, string | undefined>;
  /** Its stderr: what it says before it has a log, or when it breaks. */
  onText(text: string): void;
  onStarted(pid: number, address: string): void;
  /** It ended though nobody asked; it is started again after `delayMs`. */
  onRestart(code: number | null, signal: string | null, delayMs: number): void;
}

export class Child {
  readonly node: PlannedNode;
  address = '';
  /** Where it is scraped; null: nowhere. */
  metrics: string | null = null;
  private readonly options: ChildOptions;
  private process: ChildProcess | null = null;
  private stopping = false;
  private failures = 0;
  private lastText = '';
  private cancelRestart: () => void = () => {};

  constructor(options: ChildOptions) {
    this.options = options;
    this.node = options.node;
  }

  get pid(): number | null {
    return this.process?.pid ?? null;
  }

  /** Rejects when the node ends before it is ready, or takes too long. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => this.launch(resolve, reject));
  }

  /** Drains, then kills. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.cancelRestart();
    const ending = this.process;
    if (ending === null) return;
    await new Promise<void>((resolve) => {
      const cancel = this.options.clock.timer(nodeDrainMs, () => ending.kill('SIGKILL'));
      ending.once('exit', () => {
        cancel();
        resolve();
      });
      if (ending.connected) ending.send('drain');
      else ending.kill('SIGTERM');
    });
  }

  private launch(onReady: () => void, onFailed: (error: Error) => void): void {
    const { clock, script, args, environment, node } = this.options;
    const startedMs = clock.monotonicMs();
    const started = spawn(process.execPath, [script, ...args], {
      // A group of its own: Ctrl-C on the terminal reaches the launcher, which drains the nodes in order.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: environment(),
    });
    this.process = started;
    const cancelDeadline = clock.timer(nodeReadyMs, () => {
      onFailed(new Error(`${node.name} is not ready after ${nodeReadyMs} ms`));
      started.kill('SIGKILL');
    });
    started.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.lastText = text.trim() || this.lastText;
      this.options.onText(text);
    });
    // A process that could not be made has no end of its own to be told.
    started.on('error', (error) => {
      if (started.pid !== undefined) return;
      this.lastText = error.message;
      started.emit('exit', null, null);
    });
    started.on('message', (message: { type?: string; address?: string; metrics?: string | null }) => {
      if (message.type !== 'ready') return;
      cancelDeadline();
      this.address = message.address ?? '';
      this.metrics = message.metrics ?? null;
      this.options.onStarted(started.pid!, this.address);
      onReady();
    });
    started.on('exit', (code, signal) => {
      cancelDeadline();
      if (this.process !== started) return;
      this.process = null;
      onFailed(new Error(this.lastText || `${node.name} ended with ${signal ?? `status ${code}`}`));
      if (!this.stopping) this.restart(code, signal, clock.monotonicMs() - startedMs);
    });
  }

  private restart(code: number | null, signal: string | null, ranMs: number): void {
    this.failures = ranMs > restartSettledMs ? 0 : this.failures + 1;
    const delayMs = Math.min(restartMaxMs, restartMinMs * 2 ** Math.max(0, this.failures - 1));
    this.options.onRestart(code, signal, delayMs);
    const again = () => this.launch(ignore, ignore);
    this.cancelRestart = this.options.clock.timer(delayMs, again);
  }
}

function ignore(): void {}
