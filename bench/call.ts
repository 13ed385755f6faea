/**
 * Local calls: one caller, one call after the other, and a hundred callers of one actor at the same time. Deadlines are
 * on, as they are by default here and in OTP. Beside us: OTP's gen_server:call and nact's query.
 */
import { ActorSystem } from '../runtime/index.ts';
import type { Bench, Running } from './bench.ts';
import { callsOf, perSecond } from './ours/callers.ts';
import { counter } from './ours/counter.ts';
import { openErlang } from './peers/erlang.ts';
import { openNact, queried } from './peers/nact.ts';

const callsEach = { sequential: 100_000, callers100: 2_000 };
const nactCallsEach = { sequential: 20_000, callers100: 200 };

async function openOurs(): Promise<Running> {
  const system = new ActorSystem();
  const to = system.spawn(counter);
  return {
    async round() {
      const one = await callsOf(system, to, 1, { callsMax: callsEach.sequential });
      const many = await callsOf(system, to, 100, { callsMax: callsEach.callers100 });
      return {
        sequential_per_s: perSecond(one.count, one.elapsedMs),
        callers_100_per_s: perSecond(many.count, many.elapsedMs),
      };
    },
    async close() {
      system.exit(to, 'kill');
    },
  };
}

export const call: Bench = {
  name: 'call',
  about: 'local calls, by one caller and by a hundred, beside OTP and nact',
  figures: [
    { key: 'sequential_per_s', better: 'more' },
    { key: 'callers_100_per_s', better: 'more' },
  ],
  rounds: 7,
  contenders: [
    { name: 'ours', open: openOurs },
    { name: 'otp', open: () => openErlang(`call ${callsEach.sequential} ${callsEach.callers100}`) },
    {
      name: 'nact',
      open: () =>
        openNact(async (nact, system) => ({
          sequential_per_s: await queried(nact, system, 1, nactCallsEach.sequential),
          callers_100_per_s: await queried(nact, system, 100, nactCallsEach.callers100),
        })),
    },
  ],
};
