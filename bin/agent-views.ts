/** Agents at the edge, their commands and the doors that they dial, as the command line prints them. */
import type { NameEntry } from '../cluster/index.ts';
import type { OrderView, SenderOfDoor } from '../edge/index.ts';
import { instant } from './views.ts';

export interface AgentView {
  id: string;
  tenant: string;
  tenant_id: string;
  partition: string;
  poller: string;
  status: string;
  version: string;
  hostname: string;
  os: string;
  arch: string;
  capabilities: readonly string[];
  since: string;
  /** Null: its poller did not say. */
  last_heard: string | null;
  /** Whether its control stream is open: commands reach it. */
  listens: boolean;
  /** `config`: its checks, by itself; `commands`: what it is told. */
  runs: 'config' | 'commands';
  /** Empty: it has none. */
  config_version: string;
  /** Commands of people and programs that are not over. */
  load: number;
  /** What was refused of it, by code, since its poller counts. */
  refused: Readonly<Record<string, number>>;
}

export interface CommandView {
  id: string;
  agent: string;
  type: string;
  state: string;
  progress_percent: number;
  message: string;
  /** What it gave back: JSON where it is some, else the text; null: nothing yet. */
  payload: unknown;
}

export interface DoorView {
  poller: string;
  agents: number;
  connections: number;
  held_bytes: number;
  refused: Readonly<Record<string, number>>;
}

export function agentView(
  slug: string,
  { key, node, metadata }: NameEntry,
  said: SenderOfDoor | undefined,
): AgentView {
  const text = (name: string) => String(metadata[name] ?? '');
  const { capabilities } = metadata;
  return {
    ...{ id: key.id, tenant: slug, tenant_id: key.tenant, partition: key.partition, poller: node },
    ...{ status: text('status'), version: text('version'), hostname: text('hostname') },
    ...{ os: text('os'), arch: text('arch'), since: text('since') },
    capabilities: Array.isArray(capabilities) ? (capabilities as string[]) : [],
    last_heard: said === undefined || said.heardAtMs === null ? null : instant(said.heardAtMs),
    listens: metadata.listens === true,
    runs: metadata.runs_config === true ? 'config' : 'commands',
    config_version: text('config'),
    load: Number(metadata.load ?? 0),
    refused: said?.refused ?? {},
  };
}

export function commandView(agent: string, order: OrderView): CommandView {
  const { id, type, state, progressPercent, message, payloadJson } = order;
  const payload = payloadJson.length === 0 ? null : readPayload(Buffer.from(payloadJson).toString('utf8'));
  return { id, agent, type, state, progress_percent: progressPercent, message, payload };
}

function readPayload(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
