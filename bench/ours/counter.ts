/**
 * The actor that every bench sends to: it counts what arrives and answers. The counterpart of `bench_server.erl`. What
 * it does per message is one addition, so that the figures are of the delivery.
 */
import { defineActor, type LaterReply } from '../../runtime/index.ts';

export interface CounterProtocol {
  start: [];
  call: {
    ping(): number;
    count(): number;
    /** Answers when `target` more messages than now have arrived. */
    arrived(target: number): Promise<number>;
  };
  cast: { tick(n: number): void; data(bytes: Uint8Array): void };
}

interface Count {
  arrived: number;
  target: number;
  waiting: LaterReply | null;
}

export const counter = defineActor<Count, CounterProtocol>({
  name: 'counter',
  init: () => ({ arrived: 0, target: -1, waiting: null }),
  call: {
    ping: () => 0,
    count: ({ state }) => state.arrived,
    arrived(self, target) {
      self.state.target = self.state.arrived + target;
      self.state.waiting = self.replyLater();
      return self.state.waiting;
    },
  },
  cast: {
    tick({ state }, _n) {
      state.arrived += 1;
      if (state.arrived === state.target) state.waiting?.answer(state.arrived);
    },
    data({ state }, _bytes) {
      state.arrived += 1;
    },
  },
});
