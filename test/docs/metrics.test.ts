import { expect, test } from 'vitest';
import { dashboardQueries, documentedMetrics, metricsIn, metricsOfSource } from './metric-names.ts';

test('every metric of the source is documented, and none else', () => {
  expect([...documentedMetrics().keys()].sort()).toEqual([...metricsOfSource()].sort());
});

test('names and units are by the conventions of Prometheus', () => {
  for (const [name, type] of documentedMetrics()) {
    expect(name).toMatch(/^(picket|process|nodejs)_[a-z0-9]+(_[a-z0-9]+)*$/);
    expect(`${name}: ${/_total$/.test(name)}`).toBe(`${name}: ${type === 'counter'}`);
    // Base units alone.
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|kilobytes|megabytes|percent)(_|$)/);
  }
});

test('the dashboard asks for metrics that there are', () => {
  const known = documentedMetrics();
  const queries = dashboardQueries();
  expect(queries.length).toBeGreaterThan(30);
  const unknown = queries.filter(({ query }) => {
    const names = metricsIn(query);
    return names.length === 0 || names.some((name) => !known.has(name));
  });
  expect(unknown).toEqual([]);
});
