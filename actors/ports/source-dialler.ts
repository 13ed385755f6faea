/** Dials agents that only listen. Implemented by `edge/`, which alone knows their contract and how a certificate is judged. */
import type { PollJob, PollReport } from '../poll-job.ts';

export interface SourceDialler {
  /**
   * Asks one agent everything that its source says, and brings home what it found. Never rejects: what went wrong is in the
   * report. When the signal fires it ends at once, and keeps nothing that was not whole.
   */
  poll(job: PollJob, signal: AbortSignal): Promise<PollReport>;
  /** Ends the connections that are kept. */
  close(): void;
}
