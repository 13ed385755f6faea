/**
 * What a node tells of itself for a debug bundle: versions, machine, process, configuration, counts, the end of its log.
 * Whatever is secret in it is taken out here, before it leaves the node.
 */
import { open, readFile } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg, machine, release, totalmem, type, version } from 'node:os';
import type { ClusterNode } from '../cluster/index.ts';
import { messageOf } from '../runtime/index.ts';
import { type Redactions, redactText, redactValue } from './bundle/redact.ts';
import { logTailBytes } from './limits.ts';
import type { NodeFlags } from './node-options.ts';
import { ownVersion } from './own-version.ts';
import { requirePlatform } from './roles/session-journal.ts';

export interface DebugView {
  about: unknown;
  /** Names of the registry by tenant and kind, as this node knows them. */
  names: Record<string, Record<string, number>>;
  log: { text: string | null; why: string | null };
  redactions: Redactions;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function declareDebug(node: ClusterNode, flags: NodeFlags, environment: Environment): void {
  const { clock } = node.system;
  const startedMs = clock.monotonicMs();
  node.declare('debug_node', {
    access: 'read',
    run: async (_asked, caller): Promise<DebugView> => {
      requirePlatform(caller);
      const redactions: Redactions = {};
      const about = {
        ...ownMachine(),
        ...(await ownProcess(clock.monotonicMs() - startedMs)),
        flags,
        environment: ours(environment),
      };
      const log = await ownLog(flags.logFile);
      if (log.text !== null) log.text = redactText(log.text, redactions);
      const { node: name, boot, tenant } = node;
      const counts = { counts: node.system.counts(), coordinator: node.coordinator() };
      const clean = redactValue({ name, boot, tenant, ...about, ...counts }, redactions);
      return { about: clean, names: namesOf(node), log, redactions };
    },
  });
}

function ownMachine() {
  return {
    machine: { system: type(), release: release(), version: version(), arch: machine() },
    cpus: availableParallelism(),
    load: loadavg(),
    memory: { total_bytes: totalmem(), free_bytes: freemem() },
  };
}

async function ownProcess(uptimeMs: number) {
  return {
    picket: ownVersion(),
    node_js: process.versions,
    packages: await packageVersions(),
    process: {
      pid: process.pid,
      uptime_s: Math.round(uptimeMs / 1_000),
      memory: process.memoryUsage(),
      arguments: process.execArgv,
      limits: await textOf('/proc/self/limits'),
    },
  };
}

/** What Picket, Node.js and the libraries that we load read. */
function ours(environment: Environment): Record<string, string | undefined> {
  const names = Object.keys(environment).filter((name) =>
    /^(PICKET_|DATABASE_URL$|PG|NODE_|OTEL_|UV_|KUBERNETES_|TZ$|LANG$)/.test(name),
  );
  return Object.fromEntries(names.sort().map((name) => [name, environment[name]]));
}

/** Of the packages beside this one, or in the folder that this one was installed in. */
async function packageVersions(): Promise<Record<string, string | null>> {
  const manifest = await readManifest(new URL('../../package.json', import.meta.url));
  const names = Object.keys(manifest?.dependencies ?? {});
  const versionOf = async (name: string) => {
    const places = [`../../node_modules/${name}/package.json`, `../../../${name}/package.json`];
    for (const place of places) {
      const found = await readManifest(new URL(place, import.meta.url));
      if (found !== null) return found.version ?? null;
    }
    return null;
  };
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await versionOf(name)] as const)),
  );
}

async function readManifest(
  url: URL,
): Promise<{ version?: string; dependencies?: Record<string, string> } | null> {
  const text = await readFile(url, 'utf8').catch(() => null);
  return text === null ? null : JSON.parse(text);
}

async function textOf(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch(() => null);
}

function namesOf(node: ClusterNode): DebugView['names'] {
  const counts: DebugView['names'] = {};
  for (const { key } of node.names.list({})) {
    const ofTenant = counts[key.tenant] ?? {};
    counts[key.tenant] = ofTenant;
    ofTenant[key.kind] = (ofTenant[key.kind] ?? 0) + 1;
  }
  return counts;
}

/** Whole lines from the end of the log. */
async function ownLog(path: string | undefined): Promise<DebugView['log']> {
  if (path === undefined) return { text: null, why: 'the log goes to stderr' };
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const from = Math.max(0, size - logTailBytes);
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(Math.min(size, logTailBytes)),
        0,
        undefined,
        from,
      );
      const text = buffer.toString('utf8', 0, bytesRead);
      return { text: from === 0 ? text : text.slice(text.indexOf('\n') + 1), why: null };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { text: null, why: messageOf(error) };
  }
}
