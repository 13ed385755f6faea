/**
 * What a system that is listed answers, and what stands in a file: every answer is a page of updates that can be read, or a fault of the
 * closed set; no link leads elsewhere or back; nothing of it is longer than was said.
 */
import { readUpdate as readObservation } from '../../actors/identity/read-update.ts';
import { armisDialect } from '../../sources/armis/dialect.ts';
import type { DeviceUpdate } from '../../sources/device-update.ts';
import type { Dialect } from '../../sources/dialect.ts';
import { isFault } from '../../sources/errors.ts';
import { readUpdate } from '../../sources/import/read-update.ts';
import { limits } from '../../sources/limits.ts';
import { netboxDialect } from '../../sources/netbox/dialect.ts';
import { judgeSettings, type SourceSettings } from '../../sources/settings.ts';
import { changedValue } from './change-value.ts';
import type { FuzzTarget } from './targets.ts';

const listedAt = '2026-06-01T00:00:00.000Z';

function settings(kind: SourceSettings['kind']) {
  const judged = judgeSettings({
    ...{ kind, endpoint: 'https://listed.example/cmdb', query: null, partition: 'p', blacklist: [] },
    ...{ caPem: null, pageItems: 2, withInterfaces: false },
  });
  if (isFault(judged)) throw new Error(judged.detail);
  return judged;
}

/** One that is read by who decides which sightings are the same device, and is as long as was said. */
function judgeUpdate(update: DeviceUpdate): void {
  const read = readObservation(JSON.parse(JSON.stringify(update)), 0);
  if ('error' in read) throw new Error(`${read.error}: ${JSON.stringify(update).slice(0, 300)}`);
  for (const [key, value] of Object.entries(update.metadata))
    if (value.length > limits.metadataValueCharsMax) throw new Error(`${key} has ${value.length} characters`);
  if (Object.getPrototypeOf(update.metadata) !== Object.prototype) throw new Error('a prototype was changed');
}

function answers(name: string, dialect: Dialect, right: unknown): FuzzTarget {
  return {
    name,
    run(random) {
      const body = JSON.parse(JSON.stringify(changedValue(random, right)) ?? 'null') as unknown;
      const read = dialect.read(body, dialect.first, () => random.next() < 0.5);
      if (isFault(read)) {
        if (!['bad_answer', 'foreign_next', 'paging_stuck'].includes(read.code)) throw new Error(read.code);
        return;
      }
      for (const { update } of read.devices) judgeUpdate(update);
      const { next } = read;
      if (next === null) return;
      const { origin, pathname } = dialect.first.url;
      if (next.url.origin !== origin || next.url.pathname !== pathname)
        throw new Error(`it leads to ${next.url}`);
      if (next.url.href === dialect.first.url.href) throw new Error('it leads back');
    },
  };
}

export function armisAnswers(): FuzzTarget {
  const device = {
    ...{
      id: 7,
      ipAddress: '10.0.0.1,10.0.0.2',
      macAddress: '00:1B:00:00:00:01,00:1B:00:00:00:02',
      name: 'pump',
    },
    ...{
      type: 'Infusion Pump',
      category: 'Medical',
      manufacturer: 'Aster',
      model: 'A1',
      operatingSystem: 'VxWorks',
    },
    ...{ firstSeen: '2025-01-01T00:00:00+00:00', lastSeen: '2026-01-01T00:00:00+00:00', tags: ['a', 'b'] },
    ...{ boundaries: 'Corporate', riskLevel: 3, site: { name: 'Hill', location: 'Hill' } },
  };
  const data = { count: 2, next: 2, prev: null, results: [device, { ...device, id: 8 }], total: 5 };
  return answers('armis answers', armisDialect(settings('armis'), listedAt, true), { data, success: true });
}

export function netboxAnswers(): FuzzTarget {
  const named = { id: 1, name: 'Hill', slug: 'hill' };
  const device = {
    ...{
      id: 7,
      name: 'core-sw',
      serial: 'SN1',
      asset_tag: null,
      site: named,
      role: named,
      platform: named,
      rack: named,
    },
    ...{
      device_type: { id: 1, manufacturer: named, model: 'B1' },
      status: { value: 'active', label: 'Active' },
    },
    ...{
      primary_ip4: { id: 1, address: '10.0.0.1/24' },
      primary_ip6: { id: 2, address: '2001:db8::1/64' },
      tags: [named],
    },
  };
  const next = 'https://listed.example/cmdb/api/dcim/devices/?limit=2&offset=2';
  const right = { count: 5, next, previous: null, results: [device, { ...device, id: 8 }] };
  return answers('netbox answers', netboxDialect(settings('netbox'), listedAt), right);
}

export function importedLines(): FuzzTarget {
  const frame = { partition: 'p', source: 'integration', importedAt: listedAt };
  const right = {
    ...{
      device_id: 'p:10.0.0.1',
      ip: '10.0.0.1',
      mac: '00:1B:00:00:00:01',
      hostname: 'h',
      partition: 'p',
      source: 's',
    },
    ...{ timestamp: listedAt, is_available: true, metadata: { serial: 'S', n: 1, b: true }, confidence: 5 },
    interfaces: [{ name: 'eth0', mac: '00:1B:00:00:00:02', ips: ['10.0.0.2'] }],
  };
  return {
    name: 'imported lines',
    run(random) {
      const read = readUpdate(JSON.parse(JSON.stringify(changedValue(random, right)) ?? 'null'), frame);
      if ('reason' in read) {
        if (read.reason === '') throw new Error('a line is refused without a reason');
        return;
      }
      judgeUpdate(read.update);
    },
  };
}
