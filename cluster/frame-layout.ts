/**
 * What kinds of frames there are and which plain routing fields each carries: the protocol of a link on one screen.
 * A frame is `length:u32 kind:u8 flags:u8 fields payload`; the length counts everything after itself; numbers are
 * big-endian; a text is `length:u8` and UTF-8. Numbers of kinds are never reused. `frame.ts` writes and reads them; what
 * a payload holds is agreed between the actors' router, the registry and the node, never here.
 */

/** Protocol versions that this build speaks; `hello` carries both, the highest common one is used. */
export const protocolVersion = 2;
export const protocolVersionMin = 2;

/**
 * Between two actors: all carry `toBoot:u48 toId:u48 fromId:u48 callId:u32 timeoutMs:u32`. The boot of the sender is that
 * of its link. `callId` numbers a call or a monitor at the node that made it; `timeoutMs` is what is left of a call's
 * deadline. Fields that a kind does not use are 0.
 */
export const routedKinds = {
  cast: 1,
  call: 2,
  reply: 3,
  reply_error: 4,
  monitor: 5,
  demonitor: 6,
  down: 7,
  link: 8,
  unlink: 9,
  exit: 10,
} as const;

export type RoutedKind = keyof typeof routedKinds;

type FieldType = 'u16' | 'u32' | 'u48' | 'text';

/** Between two nodes, each with its own fields. */
export const controlKinds = {
  /** First frame of both sides. `boot` is one life of the process. The payload tells role, address, known peers. */
  hello: { number: 32, fields: { version: 'u16', versionMin: 'u16', boot: 'u48' } },
  /** The answer: the version that is spoken from now on. */
  welcome: { number: 33, fields: { version: 'u16', boot: 'u48' } },
  /** Last frame of either side: a `ClusterErrorCode` and what was refused, for the other's log. */
  close: { number: 34, fields: { code: 'text', detail: 'text' } },
  /**
   * `echo` is the last `sequence` heard from the peer, `echoAgeMs` how long ago: so the peer knows the round trip.
   * The hashes are of the sender's view of members and of all visible registry heads (64 bits).
   */
  heartbeat: {
    number: 35,
    fields: {
      incarnation: 'u32',
      sequence: 'u32',
      echo: 'u32',
      echoAgeMs: 'u32',
      viewHash: 'u32',
      headsHigh: 'u32',
      headsLow: 'u32',
    },
  },
  /** Members as the sender sees them; the payload is `ViewEntry[]`. */
  view: { number: 36, fields: {} },
  /** Do you hear from this node? */
  probe: { number: 37, fields: { nonce: 'u32', subjectBoot: 'u48', subject: 'text' } },
  /** Yes, `ageMs` ago. A peer that hears nothing does not answer. */
  probe_alive: { number: 38, fields: { nonce: 'u32', subjectBoot: 'u48', ageMs: 'u32', subject: 'text' } },
  leaving: { number: 39, fields: {} },
  /**
   * The sender sends no more messages on this link, because another one to the same peer is kept, and goes on reading.
   * Who has read it, and retires the link too, answers `close` with `duplicate_link`: all that was sent has arrived.
   */
  retire: { number: 41, fields: {} },
  /** The sender's certificate was renewed: the payload proves the new one for this connection (`RenewalProof`). */
  credential: { number: 40, fields: {} },
  /** Hashes per origin after the heartbeat's hash differed. */
  registry_origins: { number: 48, fields: {} },
  /** Heads per shard of the origins that differ. */
  registry_heads: { number: 49, fields: {} },
  /** Origin and tenant stand in the header: the fence judges them without decoding. */
  registry_delta: { number: 50, fields: { boot: 'u48', origin: 'text', tenant: 'text' } },
  registry_fetch: { number: 51, fields: { boot: 'u48', since: 'u48', origin: 'text', tenant: 'text' } },
  /** What supervisors say to each other: a `Word`. */
  supervisor: { number: 56, fields: {} },
  /** A declared procedure of the peer by name. */
  procedure_call: { number: 64, fields: { callId: 'u32', timeoutMs: 'u32', name: 'text' } },
  procedure_reply: { number: 65, fields: { callId: 'u32' } },
  procedure_error: { number: 66, fields: { callId: 'u32', code: 'text' } },
  procedure_cancel: { number: 67, fields: { callId: 'u32' } },
  /** PubSub: reserved. */
  publish: { number: 80, fields: { tenant: 'text', topic: 'text' } },
  subscribe: { number: 81, fields: { tenant: 'text', topic: 'text' } },
  unsubscribe: { number: 82, fields: { tenant: 'text', topic: 'text' } },
  /**
   * A part of a frame that is larger than `wholeFrameBytesMax`. The parts' payloads, joined, are that frame without its
   * length. Parts of one frame come in order; parts of several, and whole frames, may come between them.
   */
  part: { number: 96, fields: { stream: 'u32', offset: 'u32', totalBytes: 'u32' } },
} as const satisfies Record<string, { number: number; fields: Record<string, FieldType> }>;

export type ControlKind = keyof typeof controlKinds;
export type FrameKind = RoutedKind | ControlKind;

/** No flag has a meaning yet. A frame with one is malformed. */
export const flagsKnown = 0;

type Value<T> = T extends 'text' ? string : number;
export type ControlFields<K extends ControlKind> = {
  -readonly [F in keyof (typeof controlKinds)[K]['fields']]: Value<(typeof controlKinds)[K]['fields'][F]>;
};

/** Kinds that go before user messages on a link: the cluster stays alive and truthful under any load of messages. */
const systemKinds: ReadonlySet<FrameKind> = new Set<FrameKind>([
  'hello',
  'welcome',
  'close',
  'heartbeat',
  'view',
  'probe',
  'probe_alive',
  'leaving',
  'credential',
  'registry_origins',
  'registry_heads',
  'registry_delta',
  'registry_fetch',
  'supervisor',
]);

/**
 * True when frames of this kind may overtake user messages. Signals between actors (`down`, `exit`, `link` ...) are not
 * among them: messages and signals from one actor to another stay in order, as in OTP. Large ones go in parts (lane.ts).
 */
export function isSystemKind(kind: FrameKind): boolean {
  return systemKinds.has(kind);
}

/** Flow from one actor to another, in which order must be kept. */
export function isRoutedKind(kind: FrameKind): kind is RoutedKind {
  return Object.hasOwn(routedKinds, kind);
}
