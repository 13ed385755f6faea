/**
 * A metric family: a name by Prometheus' conventions, what it says, and how its numbers are read when somebody asks. All of
 * them are numbers that exist anyway; nothing is counted for the sake of a scrape. docs/METRICS.md lists every family.
 */

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How many took at most each bound, in seconds; what took longer than the last is in `count` alone. */
export interface Distribution {
  readonly bounds: readonly number[];
  readonly atMost: readonly number[];
  readonly count: number;
  readonly sum: number;
}

export type Family =
  | {
      readonly type: 'gauge' | 'counter';
      readonly name: string;
      readonly help: string;
      read(): readonly Sample[];
    }
  | {
      readonly type: 'histogram';
      readonly name: string;
      readonly help: string;
      read(): Distribution | null;
    };

/** Families whose numbers come from one place, which is asked once for each scrape. A place that fails has no series. */
export interface FamilyGroup {
  readonly families: readonly Family[];
  /** Before the families are read. */
  ask?(): Promise<void>;
}

export function one(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

/** A sample for each key, under one label. */
export function each(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }));
}

/** A gauge or counter without labels. */
export function plain(type: 'gauge' | 'counter', name: string, help: string, read: () => number): Family {
  return { type, name, help, read: () => one(read()) };
}

export function labelled(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  read: () => readonly Sample[],
): Family {
  return { type, name, help, read };
}

/**
 * A group that asks an actor, say: `shape` makes the families over the last answer. Without an answer they have no series,
 * so that a number that is not known is missing and not old.
 */
export function asked<T>(ask: () => Promise<T>, shape: (latest: () => T) => readonly Family[]): FamilyGroup {
  let answer: { value: T } | null = null;
  const families = shape(() => answer!.value);
  return {
    async ask() {
      answer = null;
      answer = { value: await ask() };
    },
    families: families.map((family) =>
      family.type === 'histogram'
        ? { ...family, read: () => (answer === null ? null : family.read()) }
        : { ...family, read: () => (answer === null ? [] : family.read()) },
    ),
  };
}
