/** What people decide about devices, in small worlds in which it was once read back otherwise than it had been. */
import { expect, test } from 'vitest';
import { alias, ban, mergeByHand, unmerge } from './commands.ts';
import { finalState } from './final-state.ts';
import { readUpdate } from './read-update.ts';
import { newTouched, Reconciler } from './reconciler.ts';
import { restore, snapshot } from './snapshot.ts';

type Command = readonly ['merge' | 'alias', string, string] | readonly ['unmerge' | 'ban', string];
type Step = Command | readonly object[];

const at = (hour: number, source: string, said: object) => ({
  ...{ source, metadata: {}, ...said },
  timestamp: new Date(1_750_000_000_000 + hour * 3_600_000).toISOString(),
});
const mac = (n: number) => ({ mac: `001B2100000${n}` });
const ip = (n: number) => ({ ip: `10.0.0.${n}` });
const ids = (metadata: Readonly<Record<string, string>>) => ({ metadata });
const placed = {
  1: 'sr:e0631a87-8b9f-4201-9a11-2ff7067fbb64',
  2: 'sr:1cf589be-a13b-4811-a034-e4546473ee1e',
  3: 'sr:9792202c-985f-4b7d-986d-7f84d50533a8',
};
const ofMac = {
  1: 'sr:aa40ea49-529b-450d-b65b-8c4a6798546f',
  2: 'sr:8f133d22-8e8a-47eb-a392-fe9ec0a2007e',
  3: 'sr:0a54c5c8-7593-49fb-8c15-02e6905a9fdb',
};
const ofNetbox1 = 'sr:628e6de0-54d3-4283-b391-d990d5275ed4';

function done(reconciler: Reconciler, step: Step): void {
  const devices = reconciler.partition('default');
  const [what, first, second] = step as Command;
  if (typeof what === 'object')
    reconciler.apply(
      (step as object[]).map((said, n) => {
        const read = readUpdate(said, 0);
        if ('error' in read) throw new Error(read.error);
        return { line: n + 1, observation: read.observation };
      }),
    );
  else if (what === 'merge') mergeByHand(devices, first, second!, newTouched(), null);
  else if (what === 'alias') alias(devices, first, second!, newTouched(), null);
  else if (what === 'unmerge') unmerge(devices, first, newTouched(), null);
  else ban(devices, 'mac', '', first, newTouched(), null);
}

const stateOf = (reconciler: Reconciler) =>
  Object.values(finalState(reconciler.partitions.values(), 0))
    .flatMap((rows) => rows as unknown[])
    .map((row) => JSON.stringify(row, (key, value) => (key === 'line' ? null : value)))
    .sort();

const worlds: Readonly<Record<string, readonly Step[]>> = {
  'an alias that is said of another device gives back what stood at the first': [
    [at(7, 'netbox', ip(2))],
    ['alias', '10.0.0.3', placed[2]],
    [at(16, 'agent', { ...ip(3), ...ids({ netbox_device_id: 'n1' }) })],
    ['alias', '10.0.0.3', ofNetbox1],
  ],
  'what was merged into an address goes along when that is merged into a device': [
    [at(38, 'snmp', mac(3)), at(22, 'agent', ip(1))],
    [at(6, 'netbox', ip(3))],
    ['merge', placed[1], placed[3]],
    ['merge', placed[3], ofMac[3]],
  ],
  'of two aliases of one place it makes no difference which was said first': [
    [at(38, 'agent', ip(1)), at(30, 'agent', { ...ip(3), ...mac(1) })],
    ['alias', '10.0.0.2', placed[1]],
    ['alias', '10.0.0.3', placed[1]],
    [at(10, 'agent', { ...ip(2), ...mac(2) })],
  ],
  'what has an alias stays where it was seen, when both have a device': [
    [at(30, 'agent', ip(3)), at(14, 'armis', ip(2))],
    ['alias', '10.0.0.2', placed[3]],
    [at(19, 'agent', { ...ip(2), ...mac(3) }), at(29, 'mapper', { ...ip(3), ...mac(2) })],
  ],
  'a banned MAC leaves its device where its address was said to be': [
    [at(35, 'armis', ip(1)), at(32, 'mapper', { ...ip(3), ...mac(3) })],
    ['alias', '10.0.0.3', placed[1]],
    ['ban', '001B21000003'],
  ],
  'what a MAC identified and nothing identifies now stands where somebody said it to be': [
    [at(5, 'agent', { ...ip(2), ...mac(2) })],
    ['alias', '10.0.0.2', ofMac[2]],
    [at(30, 'sweep', { ...mac(2), ...ids({ serial: 'S2' }) })],
    ['ban', '001B21000002'],
  ],
  'unmerge takes back what was said of the address': [
    [at(15, 'armis', ip(1)), at(3, 'agent', ip(2))],
    ['merge', placed[1], placed[2]],
    ['unmerge', placed[2]],
    [at(27, 'mapper', { ...ip(2), ...ids({ serial: 'S2' }) })],
  ],
  'unmerge frees what was shared for what it takes out': [
    [at(4, 'snmp', ids({ armis_device_id: 'a1', netbox_device_id: 'n1' }))],
    [at(34, 'netbox', ids({ armis_device_id: 'a1', netbox_device_id: 'n2' }))],
    [at(10, 'mapper', { mac: '021B21000009', ...ids({ armis_device_id: 'a2', netbox_device_id: 'n2' }) })],
    ['merge', 'sr:53ef7327-f8db-49e3-bd82-bac4a313dc58', 'sr:2ef4716b-3938-402c-9450-cfacb1de1ce8'],
    ['unmerge', 'sr:2ef4716b-3938-402c-9450-cfacb1de1ce8'],
  ],
  'unmerge takes a locally administered MAC out of an interface table too': [
    [
      at(17, 'agent', { ...mac(3), interfaces: [{ mac: '021B21000009' }] }),
      at(4, 'sweep', { ...ip(1), mac: '021B21000009' }),
    ],
    ['merge', 'sr:1d6dd15b-4bbc-4aaf-890b-f4f2b538715a', ofMac[3]],
    ['unmerge', 'sr:1d6dd15b-4bbc-4aaf-890b-f4f2b538715a'],
  ],
  'what was seen at an address before it was told apart stays with the alias': [
    [at(9, 'agent', { ...ip(1), ...ids({ netbox_device_id: 'n2' }) })],
    [at(10, 'netbox', ip(3))],
    ['alias', '10.0.0.1', placed[3]],
    [at(33, 'agent', ip(3))],
    [at(2, 'mapper', { ...ip(3), ...ids({ serial: 'S1' }) })],
  ],
  'a claimed MAC makes no device for itself beside one that cannot be placed': [
    [at(7, 'sweep', { ...mac(3), ...ids({ serial: 'S2' }) }), at(5, 'armis', mac(2))],
    [at(37, 'snmp', { ...mac(3), interfaces: [mac(2)] })],
    [at(25, 'mapper', { ...mac(3), ...ids({ netbox_device_id: 'n1' }) })],
  ],
  'all that stands at an address stands there together, also what was seen elsewhere meanwhile': [
    [at(9, 'agent', { ...mac(1), ...ids({ serial: 'S2' }) })],
    [at(2, 'sweep', { ...mac(3), ...ids({ armis_device_id: 'a2', serial: 'S2' }) })],
    [at(6, 'agent', { ...ip(1), ...mac(1) })],
    [at(6, 'snmp', { ...mac(3), ...ids({ armis_device_id: 'a1' }) })],
    [
      at(39, 'armis', { ...ip(1), ...mac(3) }),
      at(26, 'mapper', { ...mac(1), ...ids({ armis_device_id: 'a1' }) }),
    ],
    [at(2, 'sweep', { ...ip(2), ...mac(3) })],
  ],
};

test.each(Object.keys(worlds))('%s', (name) => {
  const one = new Reconciler(() => 'random');
  for (const step of worlds[name]!) done(one, step);
  const lines = [...snapshot(one)].map((line) => JSON.parse(JSON.stringify(line)) as unknown);
  const other = new Reconciler(() => 'random');
  restore(lines, other);
  expect(stateOf(other)).toEqual(stateOf(one));
});
