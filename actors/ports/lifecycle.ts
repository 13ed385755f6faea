/**
 * A lifecycle as a table: which event leads from which states to which. Pure; asked by whoever writes the row, which then
 * changes it only if it still has the state that was judged. Beside the tables of each thing that lives so.
 */

export type Transitions<State extends string, Event extends string> = Readonly<
  Record<Event, { readonly from: readonly State[]; readonly to: State }>
>;

export type Step<State extends string, Event extends string> =
  | { readonly to: State }
  /** `allowed`: what may happen in this state; empty at the end of a life. */
  | { readonly refused: 'bad_transition'; readonly allowed: readonly Event[] };

export interface Lifecycle<State extends string, Event extends string> {
  readonly events: readonly Event[];
  next(state: State, event: Event): Step<State, Event>;
  allowed(state: State): Event[];
}

export function lifecycle<State extends string, Event extends string>(
  table: Transitions<State, Event>,
): Lifecycle<State, Event> {
  const events = Object.keys(table) as Event[];
  const allowed = (state: State) => events.filter((event) => table[event].from.includes(state));
  return {
    events,
    allowed,
    next(state, event) {
      const { from, to } = table[event];
      return from.includes(state) ? { to } : { refused: 'bad_transition', allowed: allowed(state) };
    },
  };
}

/** For the person or program that asked. */
export function refusalText(
  subject: string,
  state: string,
  event: string,
  allowed: readonly string[],
): string {
  const may = allowed.length === 0 ? 'nothing changes it any more' : `allowed now: ${allowed.join(', ')}`;
  return `${subject} is ${state}: it cannot be changed by "${event}"; ${may}`;
}
