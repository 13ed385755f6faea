/**
 * One node under the launcher: its process, its restarts, its end. The node dies with the channel between the two, so
 * a launcher that is killed leaves no node behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { nodeDrainMs, nodeReadyMs, restartMaxMs, restartMinMs, restartSettledMs } from '../limits.ts';
import type { PlannedNode } from './plan.ts';

export interface ChildOptions {
  readonly node: PlannedNode;
  readonly script: string;
  readonly args: readonly string[];
  readonly environment: () => Record<string, string | undefined>;
  /** Its stderr: what it says before it has a log, or when it breaks. */
  onText(text: string): void;
  onStarted(pid: number, address: string): void;
  /** It ended though nobody asked; it is started again after `delayMs`. */
  onRestart(code: number | null, signal: string | null, delayMs: number): void;
}

export interface Child {
  readonly node: PlannedNode;
  readonly pid: number | null;
  readonly address: string;
  /** Rejects when the node ends before it is ready, or takes too long. */
  start(): Promise<void>;
  send(message: 'credential'): void;
  /** Drains, then kills. */
  stop(): Promise<void>;
}

export function createChild(options: ChildOptions): Child {
  let child: ChildProcess | null = null;
  let address = '';
  let stopping = false;
  let failures = 0;
  let restart: NodeJS.Timeout | null = null;

  function launch(onReady: () => void, onFailed: (error: Error) => void): void {
    const startedMs = performance.now();
    let lastText = '';
    const process_ = spawn(process.execPath, [options.script, ...options.args], {
      // A group of its own: Ctrl-C on the terminal reaches the launcher, which drains the nodes in order.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: options.environment(),
    });
    child = process_;
    const deadline = setTimeout(() => {
      onFailed(new Error(`${options.node.name} is not ready after ${nodeReadyMs} ms`));
      process_.kill('SIGKILL');
    }, nodeReadyMs);
    process_.stderr!.setEncoding('utf8').on('data', (text: string) => {
      lastText = text.trim() || lastText;
      options.onText(text);
    });
    process_.on('error', () => {});
    process_.on('message', (message: { type?: string; address?: string }) => {
      if (message.type !== 'ready') return;
      clearTimeout(deadline);
      address = message.address ?? '';
      options.onStarted(process_.pid!, address);
      onReady();
    });
    process_.on('exit', (code, signal) => {
      clearTimeout(deadline);
      if (child !== process_) return;
      child = null;
      onFailed(new Error(lastText || `${options.node.name} ended with ${signal ?? `status ${code}`}`));
      if (stopping) return;
      failures = performance.now() - startedMs > restartSettledMs ? 0 : failures + 1;
      const delayMs = Math.min(restartMaxMs, restartMinMs * 2 ** Math.max(0, failures - 1));
      options.onRestart(code, signal, delayMs);
      restart = setTimeout(
        () =>
          launch(
            () => {},
            () => {},
          ),
        delayMs,
      );
    });
  }

  return {
    node: options.node,
    get pid() {
      return child?.pid ?? null;
    },
    get address() {
      return address;
    },
    start: () =>
      new Promise((resolve, reject) =>
        launch(resolve, (error) => {
          reject(error);
        }),
      ),
    send(message) {
      if (child?.connected) child.send(message);
    },
    async stop() {
      stopping = true;
      if (restart !== null) clearTimeout(restart);
      const ending = child;
      if (ending === null) return;
      await new Promise<void>((resolve) => {
        const kill = setTimeout(() => ending.kill('SIGKILL'), nodeDrainMs);
        ending.once('exit', () => {
          clearTimeout(kill);
          resolve();
        });
        if (ending.connected) ending.send('drain');
        else ending.kill('SIGTERM');
      });
    },
  };
}
