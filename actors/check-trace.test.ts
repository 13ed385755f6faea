import { expect, test } from 'vitest';
import type { Span, Tracing } from '../runtime/index.ts';
import { CheckTraces, jobStep, WriteSteps, withStep } from './check-trace.ts';
import type { Dispatch } from './job.ts';
import { checkTracesMax } from './limits.ts';
import type { Job } from './messages.ts';

/** Tells what was begun under what and how it ended; chooses the first `chosen` checks. */
function scene(chosen = Number.POSITIVE_INFINITY, isSampling = true) {
  const told: string[] = [];
  let begun = 0;
  let under = '';
  const span = (name: string, parent: string): Span => {
    begun += 1;
    const header = `${begun}`;
    told.push(`${header} ${name} in ${parent || 'nothing'}`);
    return {
      ...{ trace: 't', header },
      run(work) {
        told.push(`in ${header}`);
        return work();
      },
      end: (error) =>
        void told.push(`${header} ended${error === undefined ? '' : `: ${(error as Error).message}`}`),
    };
  };
  const tracing: Tracing = {
    ...{ isOn: true, isSampling, trace: () => null, header: () => null, root: () => null },
    under(header, work) {
      under = String(header);
      try {
        return work();
      } finally {
        under = '';
      }
    },
    begin: (_kind, name) => span(name, under),
    sampled(_kind, name) {
      if (begun >= chosen) return null;
      return span(name, '');
    },
  };
  return { told, tracing };
}

const dispatch = (id: string, dueAtMs = 1) =>
  ({ type: 'dispatch', check: { id, kind: 'tcp' }, dueAtMs }) as Dispatch;
const due = (checkId: string, dueAtMs = 1) => ({ checkId, dueAtMs });

test('a check that was chosen is one trace: handed out, at its poller, at its agent, written', () => {
  const { told, tracing } = scene();
  const traces = new CheckTraces();
  const trace = traces.begin(tracing, 't', dispatch('a'), 'poller_1')!;
  const job = { checkId: 'a', trace } as Job;
  const atPoller = jobStep(tracing, job, 'run at agent');
  const atAgent = jobStep(tracing, withStep(job, atPoller), 'run tcp');
  atAgent?.end();
  atPoller?.end();
  const steps = new WriteSteps();
  steps.take(tracing, 't', traces.end(due('a'), null));
  expect(steps.run([{ tenantId: 'other' }], () => 1)).toBe(1);
  expect(steps.run([{ tenantId: 't' }], () => 2)).toBe(2);
  steps.settle(() => true);
  steps.settle(() => false);
  expect(told).toEqual([
    ...['1 check tcp in nothing', '2 run at agent in 1', '3 run tcp in 2', '3 ended', '2 ended', '1 ended'],
    ...['4 write result in 1', 'in 4', '4 ended'],
  ]);
  expect(steps.isEmpty).toBe(true);
});

test('one that was not chosen, or for the node of a tenant, or where nothing is followed, carries nothing', () => {
  const { told, tracing } = scene(0);
  const traces = new CheckTraces();
  const asked = scene();
  expect([
    traces.begin(tracing, 't', dispatch('a'), 'poller_1'),
    traces.begin(null, 't', dispatch('a'), 'poller_1'),
    traces.begin(scene(1, false).tracing, 't', dispatch('a'), 'poller_1'),
    traces.begin(asked.tracing, 't', dispatch('a'), 'abcdefghijkl.edge_1'),
  ]).toEqual([null, null, null, null]);
  const job = { checkId: 'a' } as Job;
  expect([jobStep(tracing, job, 'x'), withStep(job, null), traces.end(due('a'), null)]).toEqual([
    null,
    job,
    [],
  ]);
  expect([told, asked.told]).toEqual([[], []]);
});

test('one that is handed out again stays in its trace, and one that nobody ran ends as a gap', () => {
  const { told, tracing } = scene();
  const traces = new CheckTraces();
  const hand = () => traces.begin(tracing, 't', dispatch('a'), 'poller_1');
  expect([hand(), hand()]).toEqual(['1', '1']);
  expect(traces.end(due('a'), 'no_agent')).toEqual(['1']);
  expect(traces.end(due('a'), 'no_agent')).toEqual([]);
  expect(told).toEqual(['1 check tcp in nothing', '1 ended: a gap: no_agent']);
});

test('a bounded number is followed at once', () => {
  const { tracing } = scene();
  const traces = new CheckTraces();
  const followed = Array.from({ length: checkTracesMax + 5 }, (_, n) =>
    traces.begin(tracing, 't', dispatch(`c${n}`), 'poller_1'),
  );
  expect(followed.filter((trace) => trace !== null)).toHaveLength(checkTracesMax);
  const steps = new WriteSteps();
  const headers = Array.from({ length: checkTracesMax + 5 }, (_, n) => `h${n}`);
  const second = scene();
  steps.take(second.tracing, 't', headers);
  expect(second.told).toHaveLength(checkTracesMax);
});
