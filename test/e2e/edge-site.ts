/**
 * A customer's network in tests: a program that was enrolled by a package, dials gateways as it likes and speaks the contract by its
 * numbers. It knows no code of the product but the token's reader. Not a test.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readToken } from '../../certs/index.ts';
import { type PlainCall, PlainClient } from '../edge/plain-grpc.ts';
import { fieldsOf, message, textOf } from '../edge/plain-protobuf.ts';
import { type Cluster, picket } from './picket.ts';

export const gateway = '/monitoring.AgentGatewayService';

export interface Site {
  readonly name: string;
  readonly packageId: string;
  /** Key and chain, as the edge has them. */
  readonly pem: string;
  readonly rootsPem: string;
  /** Of the gateways that its token names. */
  readonly ports: readonly number[];
  dial(port?: number): Promise<PlainClient>;
}

export async function enrolled(
  net: Cluster,
  tenant: string,
  name: string,
  partition: string,
  kind = 'agent',
): Promise<Site> {
  const flags = ['--tenant', tenant, '--name', name, '--partition', partition, '--kind', kind];
  const made = await net.ask<{ id: string; token: string }>('package', 'create', ...flags);
  const [file, dir] = [join(net.data, `token_${tenant}_${name}`), join(net.data, `edge_${tenant}_${name}`)];
  writeFileSync(file, `${made.token}\n`);
  const { status, err } = await picket('enroll', '--token-file', file, '--dir', dir);
  if (status !== 0) throw new Error(err);
  const read = readToken(made.token);
  if (!read.ok) throw new Error(read.error.code);
  const ports = read.token.endpoints.map((one) => Number(one.split(':')[1]));
  const pem = readFileSync(join(dir, 'edge.pem'), 'utf8');
  const rootsPem = readFileSync(join(dir, 'roots.pem'), 'utf8');
  const dial = (port = ports[0]!) =>
    PlainClient.dial(port, { cert: pem, key: pem, rejectUnauthorized: false });
  return { name, packageId: made.id, pem, rootsPem, ports, dial };
}

export interface Commanded {
  readonly client: PlainClient;
  readonly call: PlainCall;
  /** Types and payloads of what it was told, as it came. */
  readonly told: { type: string; payload: Record<string, unknown> }[];
}

/** Listens as an agent that takes single checks, and answers each command as `answer` says. */
export async function listening(
  site: Site,
  answer: (type: string, payload: Record<string, unknown>) => { success: boolean; payload: unknown },
  port?: number,
): Promise<Commanded> {
  const client = await site.dial(port);
  const call = client.open(`${gateway}/ControlStream`);
  call.send(message([1, message([1, site.name], [3, 'tcp'], [3, 'check.run'], [5, '7.7'])]));
  const told: Commanded['told'] = [];
  void (async () => {
    for (;;) {
      const command = fieldsOf(await call.next()).get(1)?.[0] as Buffer | undefined;
      if (command === undefined) continue;
      const [id, type, text] = [textOf(command, 1), textOf(command, 2), textOf(command, 3)];
      const payload = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
      told.push({ type, payload });
      call.send(message([2, message([1, id], [2, type], [4, 'taken'])]));
      call.send(message([3, message([1, id], [2, type], [3, 40], [4, 'at it'])]));
      const { success, payload: back } = answer(type, payload);
      const said = back === null ? '' : JSON.stringify(back);
      call.send(message([4, message([1, id], [2, type], [3, success], [4, 'said'], [5, said])]));
    }
  })();
  return { client, call, told };
}

/** A push of one status that is up; `latencyNs` is what it is known by afterwards. */
export function pushOf(check: string, latencyNs: number, atMs: number): Buffer {
  const item = message([1, check], [2, true], [4, 'tcp'], [5, latencyNs], [9, 'status']);
  return message([1, item], [4, Math.floor(atMs / 1_000)]);
}
