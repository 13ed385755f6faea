/** A worker: does one job at a time, tells the pool when it is done, and knows nothing of crashes. */
import { defineActor, type Ref } from 'picket/runtime';
import type { PoolProtocol } from './pool.js';

export interface WorkerProtocol {
  start: [name: string];
  call: Record<never, never>;
  cast: { work(job: number, attempt: number): void };
}

export const worker = defineActor<{ pool: Ref<PoolProtocol> }, WorkerProtocol>({
  name: 'worker',
  init(self, name) {
    const pool = self.whereis<PoolProtocol>('pool');
    if (pool === null) throw new Error('start the pool before its workers');
    self.cast(pool).ready(name, self.ref);
    return { pool };
  },
  call: {},
  cast: {
    work(self, job, attempt) {
      if (job === 7 && attempt === 1) throw new Error('a bug that job 7 meets');
      let sum = 0;
      for (let n = 1; n <= job; n += 1) sum += n * n;
      self.cast(self.state.pool).done(self.ref, job, sum);
    },
  },
});
