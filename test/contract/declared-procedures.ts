/** Procedures of a core without its node: declared, and asked as an operator does who is called ada. */
import type { Caller, ClusterNode } from '../../cluster/index.ts';

interface Declared {
  readonly access: string;
  run(argument: unknown, caller: Caller): unknown;
}

const caller = {
  identity: { trustDomain: 'picket.local', kind: 'operator', name: 'ada' },
} as unknown as Caller;

/** What the node publishes goes to `publish`; no actor has a name on it. */
export function declaredProcedures(publish: (from: unknown, topic: never, news: never) => void = () => {}) {
  const procedures = new Map<string, Declared>();
  const node = {
    declare: (name: string, procedure: Declared) => void procedures.set(name, procedure),
    topics: { publish },
    names: { lookup: () => null },
    system: {},
  } as unknown as ClusterNode;
  return {
    node,
    /** By name: who may ask it. */
    access: () => [...procedures].map(([name, one]) => `${name} ${one.access}`).sort(),
    ask: async <T>(name: string, argument: unknown) =>
      (await procedures.get(name)!.run(argument, caller)) as T,
  };
}
