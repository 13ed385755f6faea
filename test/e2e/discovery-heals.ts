/**
 * The story that every strategy of discovery has to tell: three processes find each other; the back end goes away and a node
 * with it; a new node finds nobody meanwhile; the back end returns, and the new one and the old one at another address are
 * found.
 */
import { expect } from 'vitest';
import { type NodeProcess, nodeProcesses } from './discovery-nodes.ts';
import { pause, until } from './picket.ts';

export interface BackEnd {
  /** Where the four nodes listen, the fifth being the third's second address. */
  readonly addresses: readonly [string, string, string, string, string];
  /** Roles with a number. */
  readonly names: readonly [string, string, string, string];
  /** Flags of a node that listens there. */
  flags(address: string): readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** These addresses are known from now on; nothing where nodes make themselves known. */
  publish(addresses: readonly string[]): Promise<void>;
  away(): Promise<void>;
  back(): Promise<void>;
}

/** How long the new node is watched while it can find nobody. */
const aloneMs = 3_000;

const saidBy = (node: NodeProcess, message: string) =>
  node.log().filter(({ msg, level }) => msg.startsWith(message) && level >= 30).length;

export async function formsAndHeals(backEnd: BackEnd): Promise<void> {
  const nodes = await nodeProcesses();
  const { names, addresses, publish } = backEnd;
  const more = backEnd.environment === undefined ? {} : { environment: backEnd.environment };
  const start = (name: string, at: string) => nodes.start(name, at, backEnd.flags(at), more);
  try {
    const [one, two, three, four, elsewhere] = addresses;
    await publish([one, two, three]);
    const first = await start(names[0], one);
    const second = await start(names[1], two);
    const third = await start(names[2], three);
    await nodes.full([first, second, third]);

    await backEnd.away();
    await third.kill('SIGKILL');
    await nodes.full([first, second]);
    const fourth = await start(names[3], four);
    await until('the log of it', 30_000, () => saidBy(fourth, 'discovery fails') === 1);
    await pause(aloneMs);
    expect([fourth.sees(), first.sees(), second.sees()]).toEqual([[], [names[1]], [names[0]]]);

    await backEnd.back();
    await publish([one, two, four]);
    await nodes.full([first, second, fourth]);
    const again = await start(names[2], elsewhere);
    await publish([one, two, four, elsewhere]);
    await nodes.full([first, second, fourth, again]);

    // Once per change, not per try.
    for (const node of [first, second, fourth]) {
      expect(saidBy(node, 'discovery fails')).toBeLessThanOrEqual(2);
      expect(saidBy(node, 'discovery works again')).toBeLessThanOrEqual(2);
    }
    await fourth.kill('SIGTERM');
    await nodes.full([first, second, again]);
  } finally {
    await nodes.close();
  }
}
