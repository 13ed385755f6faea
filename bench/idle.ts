/** What five nodes that hold names and do nothing send each other, by the kernel's count. */
import type { Bench, Figures } from './bench.ts';
import { idleSettleMs, idleWindowMs } from './limits.ts';
import { readLinkBytes } from './link-bytes.ts';
import { horde, type NameNodes, ours, pause } from './name-nodes.ts';

const nodeCount = 5;
const few = 10_000;
const many = 100_000;

/** Each node takes its part of `count` more names. */
async function fill(nodes: NameNodes, held: number, count: number): Promise<void> {
  const share = count / nodeCount;
  for (const [n, name] of nodes.names.entries())
    await nodes.ask(name, { type: 'register', first: held + n * share, count: share }, 'registered');
  await nodes.askAll({ type: 'await_names', count: held + count }, 'reached');
}

async function perLink(nodes: NameNodes): Promise<number> {
  const links = (nodeCount * (nodeCount - 1)) / 2;
  await pause(idleSettleMs);
  const before = await readLinkBytes(nodes.ports);
  const startMs = performance.now();
  await pause(idleWindowMs);
  const after = await readLinkBytes(nodes.ports);
  const seconds = (performance.now() - startMs) / 1_000;
  if (before.links !== links || after.links !== links)
    throw new Error(`${before.links} and ${after.links} connections where ${links} links should be`);
  return (after.bytes - before.bytes) / seconds / links;
}

async function round(nodes: NameNodes): Promise<Figures> {
  await fill(nodes, 0, few);
  const fewBytes = await perLink(nodes);
  await fill(nodes, few, many - few);
  const manyBytes = await perLink(nodes);
  await nodes.askAll({ type: 'clear' }, 'reached');
  await nodes.askAll({ type: 'await_names', count: 0 }, 'reached');
  return { link_bytes_per_s: fewBytes, link_bytes_per_s_100k_names: manyBytes };
}

export const idle: Bench = {
  name: 'idle',
  about: 'bytes a second on a link of five idle nodes with 10,000 and 100,000 names',
  figures: [
    { key: 'link_bytes_per_s', better: 'less' },
    { key: 'link_bytes_per_s_100k_names', better: 'less' },
  ],
  rounds: 2,
  contenders: [ours(nodeCount, async () => {}, round), horde],
};
