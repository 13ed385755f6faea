/**
 * The metrics as docs/METRICS.md lists them, as the source names them, and as the dashboard asks for them: what the tests
 * hold against each other and against a running cluster.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tidy/tree.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** Types by name. */
export function documentedMetrics(): Map<string, string> {
  const rows = read('docs/METRICS.md').matchAll(/^\| `([a-z0-9_]+)` *\| (gauge|counter|histogram) /gm);
  return new Map([...rows].map(([, name, type]) => [name!, type!]));
}

export function metricsOfSource(): Set<string> {
  const files = readdirSync(join(root, 'watch')).filter((name) => /families\.ts$/.test(name));
  const ofRoles = readdirSync(join(root, 'bin')).filter((name) => /-families\.ts$/.test(name));
  const texts = [
    ...files.map((name) => read(`watch/${name}`)),
    ...ofRoles.map((name) => read(`bin/${name}`)),
  ];
  return new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/'((?:picket|process|nodejs)_[a-z0-9_]+)'/g)].map(([, name]) => name!),
    ),
  );
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

export function dashboardQueries(): { panel: string; query: string }[] {
  const { panels } = JSON.parse(read('docs/grafana/picket.json')) as { panels: Panel[] };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ panel: title, query: expr })),
  );
}

/** Names in a query, without what a histogram's series add. */
export function metricsIn(query: string): string[] {
  const names = query.match(/\b(?:picket|process|nodejs)_[a-z0-9_]+/g) ?? [];
  return names.map((name) => name.replace(/_(bucket|sum|count)$/, ''));
}
