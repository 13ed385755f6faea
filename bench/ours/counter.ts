/**
 * The actor that every bench sends to: it counts what arrives and answers. The counterpart of `bench_server.erl`. What
 * it does per message is one addition, so that the figures are of the delivery.
 */
import { defineActor } from '../../runtime/index.ts';

export interface CounterProtocol {
  start: [];
  call: {
    ping(): number;
    count(): number;
  };
  cast: { tick(n: number): void; data(bytes: Uint8Array): void };
}

interface Count {
  arrived: number;
}

export const counter = defineActor<Count, CounterProtocol>({
  name: 'counter',
  init: () => ({ arrived: 0 }),
  call: {
    ping: () => 0,
    count: ({ state }) => state.arrived,
  },
  cast: {
    tick({ state }, _n) {
      state.arrived += 1;
    },
    data({ state }, _bytes) {
      state.arrived += 1;
    },
  },
});
