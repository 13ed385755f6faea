/** Components of the service itself, which name themselves: listed as devices, never grouped with anything. */
import type { Observation } from './read-update.ts';

export interface ServiceComponent {
  readonly id: string;
  observation: Observation;
  firstMs: number;
  lastMs: number;
  sources: Set<string>;
  deletedAtMs: number | null;
}

/** Retracted, and not seen since. */
export function isGone({ deletedAtMs, lastMs }: ServiceComponent): boolean {
  return deletedAtMs !== null && lastMs <= deletedAtMs;
}

export function noteComponent(
  services: Map<string, ServiceComponent>,
  observation: Observation,
): ServiceComponent {
  const { atMs, source } = observation;
  const id = observation.service!;
  let service = services.get(id);
  if (service === undefined) {
    service = { id, observation, firstMs: atMs, lastMs: atMs, sources: new Set(), deletedAtMs: null };
    services.set(id, service);
  }
  const { observation: last } = service;
  if (atMs > last.atMs || (atMs === last.atMs && observation.order > last.order))
    service.observation = observation;
  service.firstMs = Math.min(service.firstMs, atMs, observation.firstSeenMs ?? atMs);
  service.lastMs = Math.max(service.lastMs, atMs);
  service.sources.add(source);
  return service;
}
