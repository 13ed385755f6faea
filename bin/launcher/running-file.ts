/**
 * What runs now, kept in the data folder for the commands: written at each change, and again later when it could not be, so that
 * a full disk ends neither the launcher nor what it started.
 */
import { type Clock, messageOf } from '../../runtime/index.ts';
import { type DataFolder, type Running, writeRunning } from '../data-folder.ts';
import { runningRetryMs } from '../limits.ts';

export class RunningFile {
  private readonly folder: DataFolder;
  private readonly clock: Clock;
  private readonly running: () => Running;
  private readonly say: (text: string) => void;
  private failed = false;
  private cancelRetry: () => void = () => {};

  constructor(folder: DataFolder, clock: Clock, running: () => Running, say: (text: string) => void) {
    this.folder = folder;
    this.clock = clock;
    this.running = running;
    this.say = say;
  }

  write(): void {
    this.cancelRetry();
    try {
      writeRunning(this.folder, this.running());
      this.failed = false;
    } catch (error) {
      if (!this.failed) this.say(`what runs cannot be written down: ${messageOf(error)}; it is tried again`);
      this.failed = true;
      this.cancelRetry = this.clock.timer(runningRetryMs, () => this.write());
    }
  }

  stop(): void {
    this.cancelRetry();
  }
}
