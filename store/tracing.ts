/** What the store asks of whoever follows pieces of work: a step for each statement. Absent: nothing is followed. */

export interface StoreTracing {
  readonly isOn: boolean;
  begin(
    kind: 'client',
    name: string,
    facts: Readonly<Record<string, string | number>>,
  ): { end(error?: unknown): void } | null;
}
