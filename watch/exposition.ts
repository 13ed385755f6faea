/**
 * Families as text: what Prometheus reads, and OpenMetrics. The forms are prom-client's; the numbers are read when somebody
 * asks. One scrape at a time: who asks meanwhile gets the same text.
 */
import { Registry } from 'prom-client';
import { type Clock, type Log, messageOf } from '../runtime/index.ts';
import type { Family, FamilyGroup } from './family.ts';
import { askMs } from './limits.ts';

export type MetricsForm = 'text' | 'openmetrics';

export interface MetricsText {
  readonly type: string;
  readonly text: string;
}

const contentTypes = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
} as const;

export class Exposition {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly groups: FamilyGroup[] = [];
  private readonly underWay: Partial<Record<MetricsForm, Promise<MetricsText>>> = {};

  constructor(clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  add(...groups: readonly FamilyGroup[]): void {
    this.groups.push(...groups);
  }

  /** All families that this node tells, in the order of the text. */
  families(): Family[] {
    return this.groups.flatMap(({ families }) => families);
  }

  text(form: MetricsForm): Promise<MetricsText> {
    const asked = this.underWay[form];
    if (asked !== undefined) return asked;
    const making = this.make(form).finally(() => {
      delete this.underWay[form];
    });
    this.underWay[form] = making;
    return making;
  }

  private async make(form: MetricsForm): Promise<MetricsText> {
    await Promise.all(this.groups.map((group) => this.ask(group)));
    const registry = new Registry<(typeof contentTypes)[MetricsForm]>();
    registry.setContentType(contentTypes[form]);
    for (const family of this.families()) {
      const values = valuesOf(family);
      if (values.length > 0) registry.registerMetric(metric(family, values));
    }
    return { type: contentTypes[form], text: await registry.metrics() };
  }

  /** What does not answer in time has no series in this scrape. */
  private ask({ ask }: FamilyGroup): Promise<void> {
    if (ask === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.clock.timer(askMs, resolve);
      const end = () => {
        cancel();
        resolve();
      };
      ask().then(end, (error: unknown) => {
        this.log('debug', 'a metric could not be read', { error: messageOf(error) });
        end();
      });
    });
  }
}

interface Value {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

function valuesOf(family: Family): readonly Value[] {
  if (family.type !== 'histogram') return family.read();
  const read = family.read();
  if (read === null) return [];
  const { name } = family;
  const bucket = (le: number | string, value: number): Value => ({
    metricName: `${name}_bucket`,
    labels: { le },
    value,
  });
  return [
    ...read.bounds.map((bound, at) => bucket(bound, read.atMost[at]!)),
    bucket('+Inf', read.count),
    { metricName: `${name}_sum`, labels: {}, value: read.sum },
    { metricName: `${name}_count`, labels: {}, value: read.count },
  ];
}

/** As the library wants one: it takes the `_total` of a counter's name away where the form wants it elsewhere. */
function metric({ name, help, type }: Family, values: readonly Value[]) {
  const told = { name, help, type, get: async () => ({ name: told.name, help, type, values }), reset() {} };
  return told as unknown as Parameters<Registry['registerMetric']>[0];
}
