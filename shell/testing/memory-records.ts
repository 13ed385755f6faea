/**
 * Where sessions of tests are written down: in memory, in order, and refusing when the test says so. Keeps the promises of
 * the port but for the disk.
 */
import type { SessionEvent, SessionRecord, SessionRecords } from '../ports/session-record.ts';

export class MemoryRecords implements SessionRecords {
  /** Of all sessions, in the order in which they were kept. */
  readonly events: SessionEvent[] = [];
  /** What refuses the next writes. */
  refuses: { code: string; when: (event: SessionEvent) => boolean } | null = null;
  ended = 0;

  async open(): Promise<SessionRecord> {
    return {
      write: async (event) => {
        const { refuses } = this;
        if (refuses?.when(event)) throw Object.assign(new Error('not kept'), { code: refuses.code });
        this.events.push(event);
      },
      end: async () => {
        this.ended += 1;
      },
    };
  }

  /** As `line tree`, `output`, `ended ok`. */
  told(): string[] {
    return this.events.map((event) => {
      if (event.type === 'line') return `line ${event.text}`;
      if (event.type === 'ended') return `ended ${event.code}`;
      return event.type === 'closed' ? `closed ${event.reason}` : event.type;
    });
  }
}
