/**
 * What an agent with a valid certificate of its tenant can do to a gateway that is not its business, each manner for a while: a
 * client that knows the contract by its numbers and keeps to none of its rules. Judges nothing; counts the answers.
 */
import type { PlainCall, PlainClient } from './plain-grpc.ts';
import { type Field, message } from './plain-protobuf.ts';

const agentService = '/monitoring.AgentGatewayService';
const pollerService = '/monitoring.PollerService';
const methods = ['Hello', 'GetConfig', 'PushStatus', 'StreamStatus', 'ControlStream'].map(
  (name) => `${agentService}/${name}`,
);
const olderMethods = ['ReportStatus', 'StreamStatus'].map((name) => `${pollerService}/${name}`);
const mebibyte = 1_048_576;

/** Whose things the attacker is after. */
export interface Victim {
  readonly tenantId: string;
  readonly agentId: string;
  readonly partition: string;
  readonly checkId: string;
}

export interface Attack {
  /** Another connection of the attacker. */
  dial(): Promise<PlainClient>;
  readonly victim: Victim;
  isOver(): boolean;
  pause(ms: number): Promise<void>;
  /** An answer: its status, and what came with it. */
  answered(path: string, status: number, messages: readonly Buffer[]): void;
}

const unansweredMs = 2_000;

export const manners: Readonly<Record<string, (attack: Attack) => Promise<void>>> = {
  claims,
  results,
  streams,
  connections,
  chunks,
  endless,
  oversized,
  slow,
  pieces,
  incomplete,
  garbage,
  resets,
  pings,
};

/** A connection that is replaced when the gateway ends it. */
function connection(attack: Attack): { get(): Promise<PlainClient>; end(): void } {
  let client: PlainClient | null = null;
  return {
    async get() {
      if (client === null || client.isClosed) client = await attack.dial();
      return client;
    },
    end: () => client?.close(),
  };
}

/** Over and over, with a connection that is there. */
async function repeat(attack: Attack, work: (client: PlainClient) => Promise<unknown>): Promise<void> {
  const own = connection(attack);
  while (!attack.isOver()) {
    // A gateway that ends the connection is what an attacker has to expect.
    await own
      .get()
      .then(work)
      .catch(() => attack.pause(20));
    await attack.pause(0);
  }
  own.end();
}

/**
 * What it gets no answer to it gives up with its connection: bodies of calls that a gateway does not know are never read, and
 * take the window of the one who sends them.
 */
async function unary(attack: Attack, client: PlainClient, path: string, body: Buffer): Promise<void> {
  let isAnswered = false;
  const answer = client.unary(path, body).then(({ status, messages }) => {
    isAnswered = true;
    attack.answered(path, status, messages);
  });
  await Promise.race([answer, attack.pause(unansweredMs)]);
  if (!isAnswered) client.close();
}

/** Every text that a message may hold, each with all that is the other tenant's. */
function claims(attack: Attack): Promise<void> {
  const { tenantId, agentId, partition, checkId } = attack.victim;
  const words = [
    tenantId,
    agentId,
    partition,
    checkId,
    `spiffe://test.local/tenant/${tenantId}/agent/${agentId}`,
  ];
  return repeat(attack, async (client) => {
    for (const path of [...methods, ...olderMethods]) {
      for (const word of words) {
        const fields = Array.from({ length: 18 }, (_, at): Field => [at + 1, word]);
        await unary(attack, client, path, message(...fields));
        const item = message(
          [1, checkId],
          [2, true],
          [4, 'tcp'],
          [6, word],
          [7, word],
          [8, word],
          [9, 'status'],
          [10, word],
        );
        for (const field of [2, 3, 5, 6, 7])
          await unary(attack, client, path, message([1, item], [field, word]));
        const control = message([1, word], [2, word], [3, word], [4, word], [5, word]);
        await unary(attack, client, path, message([2, control], [3, control], [4, control], [5, control]));
        if (attack.isOver()) return;
      }
    }
  });
}

/** What the other tenant's checks are called, in the attacker's own name. */
function results(attack: Attack): Promise<void> {
  const { checkId } = attack.victim;
  const item = message([1, checkId], [2, false], [3, '{"available":false}'], [4, 'tcp'], [9, 'status']);
  const many = message(...Array.from({ length: 500 }, (): Field => [1, item]));
  return repeat(attack, async (client) => {
    await unary(attack, client, `${agentService}/PushStatus`, many);
    await unary(attack, client, `${agentService}/GetConfig`, message([1, attack.victim.agentId]));
    await unary(attack, client, `${agentService}/GetConfig`, message());
  });
}

/** Ten thousand calls that say nothing. */
function streams(attack: Attack): Promise<void> {
  return repeat(attack, async (client) => {
    const calls: PlainCall[] = [];
    for (let at = 0; at < 10_000 && !client.isClosed && !attack.isOver(); at += 1) {
      calls.push(client.open(methods[3 + (at % 2)]!));
      if (at % 200 === 0) await attack.pause(1);
    }
    await attack.pause(200);
    for (const call of calls) call.reset();
  });
}

/** As many as it is let have. */
async function connections(attack: Attack): Promise<void> {
  const open: PlainClient[] = [];
  while (!attack.isOver()) {
    const client = await attack.dial().catch(() => null);
    if (client === null) await attack.pause(50);
    else open.push(client);
    if (open.length > 50) open.shift()!.close();
  }
  for (const client of open) client.close();
}

const chunk = (index: number, total: number, final: boolean, bytes: number) =>
  message(
    [1, message([1, 'sweep'], [3, Buffer.alloc(bytes, 0x20)], [9, 'results'])],
    [7, final],
    [8, index],
    [9, total],
  );

/** Out of order, twice, with two ends, with none. */
function chunks(attack: Attack): Promise<void> {
  const orders = [[0, 0], [1, 0], [0, 2], [0, 1, 1], [0, 1, 2, 3, 4], [-1], [4_294_967_295], [0]];
  return repeat(attack, async (client) => {
    for (const order of orders) {
      const call = client.open(`${agentService}/StreamStatus`);
      for (const index of order) call.send(chunk(index, 3, index === 2, 1_000));
      call.finish();
      const { status, messages } = await call.ended;
      attack.answered(`${agentService}/StreamStatus`, status, messages);
    }
  });
}

/** Chunk after chunk, and no last one. */
function endless(attack: Attack): Promise<void> {
  return repeat(attack, async (client) => {
    const calls = Array.from({ length: 8 }, () => client.open(`${agentService}/StreamStatus`));
    for (let index = 0; index < 200 && !attack.isOver() && !client.isClosed; index += 1) {
      for (const call of calls) call.send(chunk(index, 5_000, false, 256 * 1_024));
      await attack.pause(5);
    }
    for (const call of calls) call.reset();
  });
}

/** A message ten times as long as one may be, and one that says that it is four gigabytes. */
function oversized(attack: Attack): Promise<void> {
  const head = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
  return repeat(attack, async (client) => {
    const call = client.open(`${agentService}/PushStatus`);
    const declared = Buffer.alloc(5);
    declared.writeUInt32BE(160 * mebibyte, 1);
    call.write(declared);
    for (let at = 0; at < 160 && !client.isClosed && !attack.isOver(); at += 1) {
      if (!call.write(Buffer.alloc(mebibyte))) await attack.pause(5);
    }
    call.reset();
    const other = client.open(`${agentService}/PushStatus`);
    other.write(head);
    other.write(Buffer.alloc(mebibyte));
    await attack.pause(20);
    other.reset();
  });
}

/** A byte a second in every call that it may have open. */
async function slow(attack: Attack): Promise<void> {
  const own = await Promise.all(Array.from({ length: 4 }, () => attack.dial()));
  const calls = own.flatMap((client) => Array.from({ length: 8 }, () => client.open(methods[2]!)));
  const whole = Buffer.concat([Buffer.from([0, 0, 0xf0, 0, 0]), Buffer.alloc(1_000)]);
  for (let at = 0; !attack.isOver(); at += 1) {
    for (const call of calls) call.write(whole.subarray(at % whole.length, (at % whole.length) + 1));
    await attack.pause(1_000);
  }
  for (const client of own) client.close();
}

/** A long message in pieces of one byte, as fast as it goes. */
function pieces(attack: Attack): Promise<void> {
  return repeat(attack, async (client) => {
    const call = client.open(`${agentService}/PushStatus`);
    call.write(Buffer.from([0, 0, 0xf0, 0, 0]));
    for (let at = 0; at < 200_000 && !client.isClosed && !attack.isOver(); at += 1) {
      call.write(Buffer.alloc(1));
      if (at % 500 === 0) await attack.pause(0);
    }
    call.reset();
  });
}

/** The longest messages, all but their last byte, in every call that it may have open. */
async function incomplete(attack: Attack): Promise<void> {
  const lanes = Array.from({ length: 4 }, () =>
    repeat(attack, async (client) => {
      const calls = Array.from({ length: 8 }, () => client.open(`${agentService}/PushStatus`));
      for (const call of calls) {
        call.write(Buffer.from([0, 0, 0xff, 0xff, 0xff]));
        call.write(Buffer.alloc(15 * mebibyte));
      }
      // As much as the gateway takes, and then it is kept there.
      while (calls.some((call) => call.unsentBytes > 0) && !client.isClosed && !attack.isOver())
        await attack.pause(50);
      await attack.pause(500);
      for (const call of calls) call.reset();
    }),
  );
  await Promise.all(lanes);
}

/** What is no message, and messages that are more than they may be. */
function garbage(attack: Attack): Promise<void> {
  const labels = message(
    ...Array.from({ length: 10_000 }, (_, at): Field => [9, message([1, `l${at}`], [2, 'v'])]),
  );
  const items = message(...Array.from({ length: 20_000 }, (): Field => [1, '']));
  const deep = Buffer.alloc(10_000, 0x0b);
  const bodies = [
    Buffer.alloc(1_000, 0xff),
    labels,
    items,
    deep,
    Buffer.alloc(300_000, 0x0a),
    Buffer.of(0x80),
  ];
  return repeat(attack, async (client) => {
    for (const path of [...methods, `${agentService}/Nothing`, '/x']) {
      for (const body of bodies) await unary(attack, client, path, body);
      if (attack.isOver()) return;
    }
  });
}

/** Calls that are given up as soon as they are begun. */
function resets(attack: Attack): Promise<void> {
  return repeat(attack, async (client) => {
    for (let at = 0; at < 500 && !client.isClosed; at += 1) client.open(methods[at % 5]!).reset();
    await attack.pause(5);
  });
}

function pings(attack: Attack): Promise<void> {
  return repeat(attack, async (client) => {
    for (let at = 0; at < 8 && !client.isClosed; at += 1) client.ping();
    await attack.pause(1);
  });
}
