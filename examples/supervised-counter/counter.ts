/** A counter whose value outlives the process that it runs in. Where it keeps it is not its business. */
import { defineActor } from 'picket/runtime';

/** What the counter asks of its store. */
export interface Values {
  /** 0 for what was never written. */
  read(id: string): Promise<number>;
  write(id: string, value: number): Promise<void>;
}

export interface CounterProtocol {
  start: [id: string];
  call: { add(n: number): Promise<number>; value(): number };
  cast: Record<never, never>;
}

export function counter(values: Values) {
  return defineActor<{ id: string; value: number }, CounterProtocol>({
    name: 'counter',
    init: async (_self, id) => ({ id, value: await values.read(id) }),
    call: {
      // Written first, then said: nobody was ever told a value that is lost.
      async add({ state }, n) {
        await values.write(state.id, state.value + n);
        state.value += n;
        return state.value;
      },
      value: ({ state }) => state.value,
    },
    cast: {},
  });
}
