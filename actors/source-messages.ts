/** What the two actors behind agents that only listen say to each other: a tenant's keeper on its core, and the pollers that dial. */
import type { Ref } from '../runtime/index.ts';
import type { PollJob, PollReport } from './poll-job.ts';

/** Who has the tenant's agents that only listen asked, on the core that holds the tenant. */
export interface SourceKeeperProtocol {
  start: [tenantId: string, epoch: number, allowAll: boolean, suspended: boolean];
  call: {
    totals(): { sources: number; underWay: number };
  };
  cast: {
    polled(sourceId: string, number: number, report: PollReport): void;
    /** Sources or imported authorities of the tenant are other ones. */
    changed(): void;
    terms(suspended: boolean): void;
    pollersChanged(): void;
  };
}

/** Who asks them, on a poller. */
export interface SourcePollerProtocol {
  start: [];
  call: {
    /** Answered when it was asked, at the latest after `sourceTestMsMax`. */
    test(job: PollJob): Promise<PollReport>;
    totals(): { underWay: number };
  };
  cast: {
    poll(job: PollJob, keeper: Ref<SourceKeeperProtocol>): void;
    cancel(tenantId: string, sourceId: string, number: number): void;
  };
}
