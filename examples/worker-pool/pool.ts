/** The pool: hands jobs to workers that are ready, and watches each one, so that no job is lost with its worker. */
import { defineActor, type LaterReply, type Ref } from 'picket/runtime';
import type { WorkerProtocol } from './workers.js';

interface Job {
  readonly number: number;
  readonly reply: LaterReply;
  attempt: number;
}

interface Seat {
  readonly name: string;
  readonly worker: Ref<WorkerProtocol>;
  job: Job | null;
}

interface PoolState {
  readonly queue: Job[];
  /** By the monitor that tells of the worker's end. */
  readonly seats: Map<number, Seat>;
}

export interface PoolProtocol {
  start: [];
  /** Answers when a worker has done the job. */
  call: { run(job: number): number };
  cast: {
    ready(name: string, worker: Ref<WorkerProtocol>): void;
    done(worker: Ref, job: number, result: number): void;
  };
}

const attemptsMax = 3;

export const pool = defineActor<PoolState, PoolProtocol>({
  name: 'pool',
  init(self) {
    self.register('pool');
    return { queue: [], seats: new Map() };
  },
  call: {
    run(self, number) {
      const reply = self.replyLater();
      self.state.queue.push({ number, reply, attempt: 1 });
      for (const work of assigned(self.state)) self.cast(work.worker).work(work.job, work.attempt);
      return reply;
    },
  },
  cast: {
    ready(self, name, worker) {
      self.state.seats.set(self.monitor(worker), { name, worker, job: null });
      for (const work of assigned(self.state)) self.cast(work.worker).work(work.job, work.attempt);
    },
    done(self, worker, _job, result) {
      for (const seat of self.state.seats.values()) {
        if (seat.worker.id !== worker.id) continue;
        seat.job?.reply.answer(result);
        seat.job = null;
      }
      for (const work of assigned(self.state)) self.cast(work.worker).work(work.job, work.attempt);
    },
  },
  info(self, info) {
    if (info.type !== 'down') return;
    const seat = self.state.seats.get(info.monitor);
    self.state.seats.delete(info.monitor);
    const job = seat?.job;
    if (!seat || !job) return;
    console.log(`${seat.name} ended (${info.reason}) with job ${job.number}, attempt ${job.attempt}`);
    job.attempt += 1;
    if (job.attempt > attemptsMax) job.reply.fail(new Error(`job ${job.number} fails each time`));
    else self.state.queue.unshift(job);
  },
});

/** Gives waiting jobs to free workers; what is to be sent is the answer. */
function assigned(state: PoolState): { worker: Ref<WorkerProtocol>; job: number; attempt: number }[] {
  const sends = [];
  for (const seat of state.seats.values()) {
    if (seat.job !== null) continue;
    const job = state.queue.shift();
    if (job === undefined) break;
    seat.job = job;
    sends.push({ worker: seat.worker, job: job.number, attempt: job.attempt });
  }
  return sends;
}
