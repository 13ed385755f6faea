/** Listed sources in memory, for tests that need no database: it keeps what a `ListedSourceStore` promises and nothing more. */
import type { ListedSource, ListedSourceState, NewListedSource } from '../../actors/ports/listed-source.ts';
import type { ListedSourceStore } from '../../actors/ports/listed-source-store.ts';

interface Kept {
  source: ListedSource;
  credentials: string | null;
  epoch: number;
  state: ListedSourceState | null;
  knownIds: string[];
}

export function memoryListedSources(nowMs: () => number = Date.now): ListedSourceStore {
  const tenants = new Map<string, Kept[]>();
  let made = 0;
  const of = (tenantId: string) => {
    const rows = tenants.get(tenantId) ?? [];
    tenants.set(tenantId, rows);
    return rows;
  };
  const refuse = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const find = (tenantId: string, idOrName: string) =>
    of(tenantId).find(({ source }) => source.id === idOrName || source.name === idOrName) ??
    refuse('no_such_source');
  const free = (tenantId: string, name: string, but: Kept | null) => {
    if (of(tenantId).some((one) => one !== but && one.source.name === name)) refuse('integration_exists');
  };
  return {
    async add(tenantId, given: NewListedSource, credentials) {
      free(tenantId, given.name, null);
      made += 1;
      const at = { createdAtMs: nowMs(), updatedAtMs: nowMs() };
      const own = { id: `int_${String(made).padStart(16, 'a')}`, version: 1 };
      const source = { ...given, ...own, ...at, hasCredentials: credentials !== null };
      of(tenantId).push({ source, credentials, epoch: 0, state: null, knownIds: [] });
      return source;
    },
    async change(tenantId, idOrName, { credentials, ...rest }) {
      const one = find(tenantId, idOrName);
      free(tenantId, rest.name ?? one.source.name, one);
      if (credentials !== undefined) one.credentials = credentials;
      const hasCredentials = one.credentials !== null;
      one.source = {
        ...one.source,
        ...rest,
        hasCredentials,
        version: one.source.version + 1,
        updatedAtMs: nowMs(),
      };
      return one.source;
    },
    async remove(tenantId, idOrName) {
      const one = find(tenantId, idOrName);
      tenants.set(
        tenantId,
        of(tenantId).filter((other) => other !== one),
      );
      return one.source;
    },
    async list(tenantId) {
      const rows = of(tenantId).map(({ source, state }) => ({ source, state }));
      return rows.sort((a, b) => (a.source.name < b.source.name ? -1 : 1));
    },
    async secrets(tenantId, id) {
      const { credentials, knownIds } = find(tenantId, id);
      return { credentials, knownIds };
    },
    async note(tenantId, epoch, id, state, knownIds) {
      const one = of(tenantId).find(({ source }) => source.id === id);
      if (one === undefined || one.epoch > epoch) return false;
      one.epoch = epoch;
      one.state = state;
      if (knownIds !== null) one.knownIds = [...knownIds];
      return true;
    },
  };
}
