/**
 * What is fuzzed: everything that reads bytes of a stranger. A target takes one input and throws when something is not
 * as promised: an error of another kind than the room's, a verdict outside the closed set, a value held that should not
 * be.
 */
import { readCertificate, readRevocationList, verdictCodes, verifyPeer } from '../../certs/index.ts';
import { createForeignWorld } from '../../certs/testing/foreign-world.ts';
import { forgeRevocationList } from '../../certs/testing/forge-revocation.ts';
import { createWorld, nodeId, operatorId, tenantId, trustDomain } from '../../certs/testing/world.ts';
import { encodeFrame, type Frame, noPayload } from '../../cluster/frame.ts';
import { type ControlKind, controlKinds } from '../../cluster/frame-layout.ts';
import { createFrameReader } from '../../cluster/frame-reader.ts';
import { actorCodec, ClusterError } from '../../cluster/index.ts';
import { partedFramesMax, partsStartBytes, wholeFrameBytesMax } from '../../cluster/limits.ts';
import { fencedPartBounds } from '../../cluster/part-bounds.ts';
import { Parts } from '../../cluster/parts.ts';
import { type Random, Ref } from '../../runtime/index.ts';
import { commands, keptConfig, outbox } from './agent-targets.ts';
import { edgeDocuments } from './document-target.ts';
import { edgeChunks, edgeControl, edgeItems } from './edge-targets.ts';
import { requests, tokens } from './enrolment-targets.ts';
import { fence, rows } from './fence-targets.ts';
import { hints } from './hint-target.ts';
import { forwardedEntries, journalLines } from './journal-target.ts';
import { listeningChunks, listeningFrames, listeningStatuses } from './listening-targets.ts';
import { live } from './live-target.ts';
import { mutated, under } from './mutate.ts';
import { mutatedDer } from './mutate-der.ts';
import { records } from './record-target.ts';
import { shellLines, shellRequests } from './shell-targets.ts';
import { armisAnswers, importedLines, netboxAnswers } from './source-targets.ts';
import { heads, pem, policies } from './text-targets.ts';
import { rings, sealed } from './vault-target.ts';
import { addresses, gossip, kubernetes, words } from './wire-targets.ts';

export interface FuzzTarget {
  readonly name: string;
  /** The next input, made and fed. */
  run(random: Random): void;
}

const nowMs = Date.UTC(2026, 5, 1, 12);
const frameBytesMax = 4_096;
/** Shares of the changed certificates that get a verdict. */
const readableJudged = 0.5;
const unreadableJudged = 0.05;

export const fuzzTargets: readonly { readonly name: string; make(): FuzzTarget }[] = [
  { name: 'frames', make: frames },
  { name: 'parts', make: parts },
  { name: 'certificates', make: certificates },
  { name: 'revocation lists', make: revocationLists },
  { name: 'refs', make: refs },
  { name: 'fence', make: fence },
  { name: 'rows', make: rows },
  { name: 'records', make: records },
  { name: 'words', make: words },
  { name: 'gossip', make: gossip },
  { name: 'kubernetes', make: kubernetes },
  { name: 'addresses', make: addresses },
  { name: 'hints', make: hints },
  { name: 'live', make: live },
  { name: 'policies', make: policies },
  { name: 'pem', make: pem },
  { name: 'heads', make: heads },
  { name: 'edge items', make: edgeItems },
  { name: 'edge documents', make: edgeDocuments },
  { name: 'edge chunks', make: edgeChunks },
  { name: 'edge control', make: edgeControl },
  { name: 'listening agent: frames', make: listeningFrames },
  { name: 'listening agent: statuses', make: listeningStatuses },
  { name: 'listening agent: chunks', make: listeningChunks },
  { name: 'shell lines', make: shellLines },
  { name: 'shell requests', make: shellRequests },
  { name: 'sealed', make: sealed },
  { name: 'rings', make: rings },
  { name: 'tokens', make: tokens },
  { name: 'certificate requests', make: requests },
  { name: 'outbox', make: outbox },
  { name: 'kept config', make: keptConfig },
  { name: 'agent commands', make: commands },
  { name: 'armis answers', make: armisAnswers },
  { name: 'netbox answers', make: netboxAnswers },
  { name: 'imported lines', make: importedLines },
  { name: 'journal lines', make: journalLines },
  { name: 'forwarded entries', make: forwardedEntries },
];

/** A stream of frames, cut anywhere: whole frames and one stated failure, and no more held than was allowed. */
function frames(): FuzzTarget {
  const kinds = Object.keys(controlKinds) as ControlKind[];
  const control = kinds.map((kind): Frame => {
    const fields = Object.entries(controlKinds[kind].fields);
    const header = Object.fromEntries(fields.map(([name, type]) => [name, type === 'text' ? 'core_1' : 7]));
    return { kind, flags: 0, header, payload: Buffer.alloc(20, 1) } as unknown as Frame;
  });
  const routed: Frame[] = (['cast', 'call', 'reply', 'exit'] as const).map((kind) => {
    const head = { toBoot: 1, toId: 2, fromId: 3, callId: 4, timeoutMs: 5 };
    return { kind, flags: 0, ...head, payload: Buffer.alloc(60, 2) };
  });
  const all = [...control, ...routed, { ...routed[0]!, payload: noPayload }];
  const corpus = all.map((frame, at) =>
    Buffer.concat([...encodeFrame(frame), ...encodeFrame(all[(at * 7) % all.length]!)]),
  );
  return {
    name: 'frames',
    run(random) {
      const bytes = mutated(random, corpus);
      const reader = createFrameReader(frameBytesMax);
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + 1 + under(random, bytes.length));
        reader.push(bytes.subarray(at, end));
        while (reader.next() !== null);
        at = end;
        if (reader.failure !== null) break;
      }
      const code = reader.failure?.code ?? 'frame_malformed';
      if (code !== 'frame_malformed' && code !== 'frame_too_large') throw new Error(`failed with ${code}`);
      if (reader.heldBytes > frameBytesMax + 4) throw new Error(`${reader.heldBytes} bytes are held`);
    },
  };
}

/** Frames in parts, cut and changed: what is whole was sent whole, or one stated failure, and memory for what arrived. */
function parts(): FuzzTarget {
  const whole = (fill: number) => {
    const header = { toBoot: 1, toId: fill, fromId: 3, callId: 4, timeoutMs: 5 };
    const payload = Buffer.alloc(wholeFrameBytesMax + fill, fill);
    return Buffer.concat([...encodeFrame({ kind: 'cast', flags: 0, ...header, payload })]).subarray(4);
  };
  const partOf = (bytes: Buffer, stream: number, offset: number) => {
    const header = { stream, offset, totalBytes: bytes.length };
    const payload = bytes.subarray(offset, offset + 40_000);
    return Buffer.concat(encodeFrame({ kind: 'part', flags: 0, header, payload }));
  };
  const [one, other] = [whole(1), whole(2)];
  const sent = [
    partOf(one, 1, 0),
    partOf(other, 2, 0),
    partOf(one, 1, 40_000),
    partOf(other, 2, 40_000),
    partOf(one, 3, 0),
  ];
  return {
    name: 'parts',
    run(random) {
      // A tenant's node may send less in parts; what is too long of it is handed on by its beginning.
      const taker = random.next() < 0.5 ? new Parts() : new Parts(() => fencedPartBounds);
      const reader = createFrameReader();
      let arrived = 0;
      for (const bytes of sent) {
        const head = mutated(random, [bytes.subarray(0, 60)]);
        const input = random.next() < 0.7 ? bytes : Buffer.concat([head, bytes.subarray(60)]);
        arrived += input.length;
        reader.push(input);
        for (let frame = reader.next(); frame !== null; frame = reader.next()) {
          if (frame.kind !== 'part') continue;
          const answer = taker.take(frame);
          if (answer instanceof ClusterError) {
            if (answer.code !== 'frame_malformed' && answer.code !== 'frame_too_large') throw answer;
            return;
          }
          if (answer !== null && 'kind' in answer && answer.kind === 'part')
            throw new Error('a part came out of parts');
        }
        if (taker.heldBytes > 2 * arrived + partedFramesMax * partsStartBytes)
          throw new Error(`${taker.heldBytes} bytes are held for ${arrived}`);
        if (reader.failure !== null) return;
      }
    },
  };
}

/** Chains with one certificate changed: a verdict of the closed set, and a good one for nothing that was changed. */
function certificates(): FuzzTarget {
  const world = createWorld(nowMs);
  const foreign = createForeignWorld(world);
  const chains = [
    [world.leaf(world.nodes, nodeId), world.nodes],
    [world.leaf(world.operators, operatorId), world.operators],
    [world.leaf(world.tenant, tenantId), world.tenant],
    [
      foreign.svid(foreign.spire, 'spiffe://example.org/picket/poller/poller_9'),
      foreign.spire,
      foreign.middle,
    ],
    [foreign.older(foreign.olderAuthority)],
  ].map((chain) => chain.map(({ der }) => Buffer.from(der)));
  const corpus = chains.flat();
  const question = { roots: [world.root.der], trustDomain, nowMs, policy: foreign.policy };
  return {
    name: 'certificates',
    run(random) {
      const chain: Buffer[] = [...chains[under(random, chains.length)]!];
      const which = under(random, chain.length);
      const input = changedDer(random, [chain[which]!, ...corpus.slice(0, 1)]);
      // A verdict takes time: those that can be read are worth it, of the others some show that nothing follows.
      const { ok } = readCertificate(input);
      if (random.next() >= (ok ? readableJudged : unreadableJudged)) return;
      const isChanged = !corpus.some((one) => one.equals(input));
      chain[which] = input;
      const verdict = verifyPeer({ chain, ...question });
      if (verdict.ok && isChanged && which === 0) throw new Error(`taken: ${input.toString('hex')}`);
      if (!verdict.ok && !verdictCodes.includes(verdict.error.code)) throw new Error(verdict.error.code);
    },
  };
}

/** As broken senders change bytes; a fifth as hostile ones do, who keep it DER and so reach further and take longer. */
function changedDer(random: Random, corpus: readonly Buffer[]): Buffer {
  return random.next() < 0.8 ? mutated(random, corpus) : mutatedDer(random, corpus);
}

function revocationLists(): FuzzTarget {
  const world = createWorld(nowMs);
  const corpus = [
    [],
    ['1122'],
    Array.from({ length: 40 }, (_, at) => `41${at.toString(16).padStart(2, '0')}`),
  ].map((serials) => Buffer.from(forgeRevocationList(world.nodes, serials, nowMs)));
  return {
    name: 'revocation lists',
    run(random) {
      const read = readRevocationList(changedDer(random, corpus));
      if (!read.ok && !verdictCodes.includes(read.error.code)) throw new Error(read.error.code);
    },
  };
}

/** Payloads with refs in them: a value whose refs are whole, or `cannot_decode`. */
function refs(): FuzzTarget {
  const codec = actorCodec();
  const ref = new Ref('core_1', 1_700_000_000_000, 42);
  const values = [
    ref,
    [ref, new Ref('a', 0, 0), new Ref('p'.repeat(63), 2 ** 48 - 1, 2 ** 48 - 1)],
    { to: ref, from: { ref, at: new Date(nowMs) }, error: new TypeError('no') },
    [new Ref('abcdefghijkl.p', 7, 1)],
    [1, 'text', null, undefined, 5n, new Uint8Array(30), [[[ref]]]],
  ];
  const corpus = values.map((value) => Buffer.from(codec.encode(value)));
  return {
    name: 'refs',
    run(random) {
      let value: unknown;
      try {
        value = codec.decode(mutated(random, corpus));
      } catch (error) {
        if (error instanceof ClusterError && error.code === 'cannot_decode') return;
        throw error;
      }
      requireWhole(value);
    },
  };
}

function requireWhole(value: unknown): void {
  if (value instanceof Ref) {
    const numbers = [value.boot, value.id].every((one) => Number.isInteger(one) && one >= 0 && one < 2 ** 48);
    if (!numbers || !/^(?=.{1,63}$)(?:[a-z][a-z2-7]{11}\.)?[a-z0-9_-]+$/.test(value.node))
      throw new Error(`a ref that is none: ${value}`);
    return;
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date)
    return;
  for (const one of Object.values(value)) requireWhole(one);
}
