/**
 * `npm run soak [-- --inputs N] [--seed S] [--rotations N] [--rounds N] [--cuts NAME,...] [--names N] [--children N]
 * [--record FILE] [--size N ...] [--pauses MS,...] [--histories N] [--flaw NAME] [--updates N] [--agents N]
 * [--devices N] [TARGET ...]`:
 * what takes longer than CI allows. Each fuzz target runs alone in a thread, so that one that hangs is seen from outside and
 * the heap that is measured is its own; the others have clusters or a database of their own, but `leases`, which is
 * simulated. Ends with one line, and with status 1 when anything failed.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { fullSwapPlan } from '../../bench/identity/swaps.ts';
import { fuzzTargets } from '../fuzz/targets.ts';
import { soakAgentOutage } from './agent-outage.ts';
import { soakArchives } from './archives.ts';
import { soakAttack } from './attack.ts';
import {
  documentUpdatesDefault,
  edgeAgentsDefault,
  heapGrowthBytesMax,
  historiesDefault,
  inputsDefault,
  leaseHistoriesDefault,
  rotationsDefault,
  silenceMsMax,
  splitChildren,
  splitNames,
  splitRoundsDefault,
} from './bounds.ts';
import { soakDatabaseAway } from './database-away.ts';
import { soakDocuments } from './documents.ts';
import { soakEdgeAttack } from './edge-attack.ts';
import { soakEdgeRotation } from './edge-rotation.ts';
import { soakInventory } from './inventory.ts';
import { soakLeaseHistories } from './lease-histories.ts';
import { soakLeases } from './leases.ts';
import { soakNodes } from './nodes.ts';
import { soakReads } from './reads.ts';
import { soakRotations } from './rotations-run.ts';
import { soakSplits } from './splits.ts';
import type { SoakReport } from './thread.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: 'string' },
    seed: { type: 'string' },
    rotations: { type: 'string' },
    rounds: { type: 'string' },
    cuts: { type: 'string' },
    names: { type: 'string' },
    children: { type: 'string' },
    record: { type: 'string' },
    size: { type: 'string', multiple: true },
    pauses: { type: 'string' },
    histories: { type: 'string' },
    flaw: { type: 'string' },
    updates: { type: 'string' },
    agents: { type: 'string' },
    devices: { type: 'string' },
  },
});
const inputs = Number(values.inputs ?? inputsDefault);
const seed = Number(values.seed ?? 1);
const rounds = Number(values.rounds ?? splitRoundsDefault);
const splitsAsked = {
  rounds,
  cuts: values.cuts?.split(',') ?? [],
  names: Number(values.names ?? splitNames),
  children: Number(values.children ?? splitChildren),
  record: values.record ?? null,
};
const pausesAsked = values.pauses?.split(',').map(Number) ?? null;
const leasesAsked = {
  histories: Number(values.histories ?? historiesDefault),
  seed,
  flaw: values.flaw ?? null,
};
const swapsAsked = {
  ...fullSwapPlan,
  devices: Number(values.devices ?? fullSwapPlan.devices),
  rounds: Number(values.rounds ?? fullSwapPlan.rounds),
};
const rotationCount = Number(values.rotations ?? rotationsDefault);

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function soak(target: string): Promise<string | null> {
  const worker = new Worker(new URL('./thread.js', import.meta.url), {
    workerData: { target, inputs, seed },
  });
  return new Promise((resolve) => {
    let at = 0;
    let silence = setTimeout(() => {}, 0);
    const end = (failure: string | null) => {
      clearTimeout(silence);
      void worker.terminate();
      resolve(failure);
    };
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => end(`hangs after input ${at} of seed ${seed}`), silenceMsMax);
    };
    listen();
    worker.on('message', (report: SoakReport) => {
      listen();
      at = report.at;
      const mib = (report.grownBytes / 2 ** 20).toFixed(1);
      say(
        `${target}: ${report.at} of ${inputs}, ${Math.round(report.perSecond)}/s, heap ${mib} MiB over its start`,
      );
      if (report.failure !== null) end(report.failure);
      else if (report.grownBytes > heapGrowthBytesMax) end(`the heap grew by ${mib} MiB`);
      else if (report.at === inputs) end(null);
    });
    worker.on('error', (error) => end(`crashed: ${error.message}`));
    worker.on('exit', (code) => end(`ended with ${code}`));
  });
}

const targets = [
  ...fuzzTargets.map(({ name }) => ({ name, run: () => soak(name) })),
  { name: 'attack', run: () => soakAttack(say) },
  { name: 'rotations', run: () => soakRotations(rotationCount, say) },
  { name: 'splits', run: () => soakSplits(splitsAsked, say) },
  { name: 'leases', run: () => soakLeases(leasesAsked, say) },
  {
    name: 'lease-histories',
    run: () => soakLeaseHistories(Number(values.rounds ?? leaseHistoriesDefault), seed, say),
  },
  { name: 'database-away', run: () => soakDatabaseAway(say) },
  { name: 'agent-outage', run: () => soakAgentOutage(say) },
  { name: 'archives', run: () => soakArchives(say) },
  {
    name: 'documents',
    run: () => soakDocuments(Number(values.updates ?? documentUpdatesDefault), say),
  },
  { name: 'inventory', run: () => soakInventory(swapsAsked, say) },
  { name: 'edge-attack', run: () => soakEdgeAttack(say) },
  { name: 'edge-rotation', run: () => soakEdgeRotation(Number(values.agents ?? edgeAgentsDefault), say) },
  { name: 'reads', run: () => soakReads(say) },
  { name: 'nodes', run: () => soakNodes((values.size ?? []).map(Number), pausesAsked, say) },
];
const chosen = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
let failed = 0;
for (const { name, run } of chosen) {
  const failure = await run();
  if (failure === null) continue;
  failed += 1;
  say(`${name}: FAILED: ${failure}`);
}
say(`soak targets ${chosen.length} inputs ${inputs} seed ${seed} failed ${failed}`);
process.exitCode = failed === 0 && chosen.length > 0 ? 0 : 1;
