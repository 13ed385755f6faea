import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DeviceUpdate } from '../device-update.ts';
import type { BadLine, SourceFault } from '../errors.ts';
import { limits } from '../limits.ts';
import { type ImportFormat, importFile } from './import-file.ts';

const frame = { partition: 'default', source: 'integration', importedAt: '2026-01-01T00:00:00.000Z' };

async function* pieces(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    yield bytes.subarray(from, to);
    from = to;
  }
}

async function read(
  text: string | Uint8Array,
  format: ImportFormat = 'ndjson',
  places: readonly number[] = [],
) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const updates: DeviceUpdate[] = [];
  const bad: BadLine[] = [];
  const chunks: number[] = [];
  const file = importFile(pieces(bytes, places), format, frame);
  let end: SourceFault | null;
  for (;;) {
    const step = await file.next();
    if (step.done) {
      end = step.value;
      break;
    }
    updates.push(...step.value.updates);
    bad.push(...step.value.bad);
    chunks.push(step.value.updates.length + step.value.bad.length);
  }
  return { updates, bad, chunks, end };
}

const lines = (...all: unknown[]) =>
  all.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');

describe('lines of JSON', () => {
  test('become updates; what is missing is filled in, what is empty is absent', async () => {
    const { updates, bad } = await read(
      lines(
        { ip: ' 10.0.0.1 ', hostname: '', mac: null, metadata: { a: 1, b: true, c: ' x ', d: '', e: null } },
        '',
        {
          device_id: 'sr:1',
          partition: 'p',
          source: 'snmp',
          timestamp: '2026-01-02T03:04:05+01:00',
          is_available: false,
        },
        {
          hostname: 'h',
          interfaces: [{ name: 'eth0', mac: 'AA', ips: ['10.0.0.2'] }, { mac: 'BB' }],
          unknown_field: 1,
        },
      ),
    );
    expect(bad).toEqual([]);
    expect(updates).toEqual([
      {
        ip: '10.0.0.1',
        partition: 'default',
        source: 'integration',
        timestamp: frame.importedAt,
        metadata: { a: '1', b: 'true', c: 'x' },
      },
      {
        device_id: 'sr:1',
        partition: 'p',
        source: 'snmp',
        timestamp: '2026-01-02T02:04:05.000Z',
        is_available: false,
        metadata: {},
      },
      {
        ...{
          hostname: 'h',
          partition: 'default',
          source: 'integration',
          timestamp: frame.importedAt,
          metadata: {},
        },
        interfaces: [
          { name: 'eth0', mac: 'AA', ips: ['10.0.0.2'] },
          { name: '', mac: 'BB', ips: [] },
        ],
      },
    ]);
  });

  test.each([
    ['it is no JSON', '{"ip":'],
    ['it is no JSON object', '[1]'],
    ['ip is no address', { ip: 'ten' }],
    ['ip is a text', { ip: {} }],
    ['ip is no address', { ip: '10.1' }],
    ['mac is no MAC', { mac: 'AA' }],
    ['confidence is 0 to 10', { ip: '10.0.0.1', confidence: 11 }],
    ['it names no device', { source: 'x' }],
    ['timestamp is no time', { ip: '10.0.0.1', timestamp: '2026-01-02' }],
    ['metadata is an object', { ip: '10.0.0.1', metadata: 'x' }],
    ['metadata.a is a text, a number or a boolean', { ip: '10.0.0.1', metadata: { a: {} } }],
    ['is_available is true or false', { ip: '10.0.0.1', is_available: 'yes' }],
    ['interfaces is a list', { ip: '10.0.0.1', interfaces: {} }],
    ['hostname has at most', { hostname: 'x'.repeat(1_025) }],
    ['a line has at most', `"${'x'.repeat(limits.lineBytesMax)}"`],
  ])('that say nothing (%s) are told by number, and the others taken', async (reason, line) => {
    const { updates, bad } = await read(lines({ ip: '10.0.0.1' }, '', line, { ip: '10.0.0.2' }));
    expect(bad).toEqual([{ line: 3, reason: expect.stringContaining(reason) }]);
    expect(updates.map(({ ip }) => ip)).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  test('with strange keys reach no prototype', async () => {
    const { updates } = await read('{"ip":"10.0.0.1","metadata":{"__proto__":"x","constructor":"y"}}');
    expect(Object.keys(updates[0]!.metadata)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('are the same however the bytes are cut, with any line end and in any script', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc
            .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
            .filter((name) => !/\p{Cc}/u.test(name) && name.trim() !== ''),
          { maxLength: 20 },
        ),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.boolean(),
        async (names, end, places, isClosed) => {
          const text =
            names.map((hostname) => JSON.stringify({ hostname })).join(end) + (isClosed ? end : '');
          const { updates, bad } = await read(`\ufeff${text}`, 'ndjson', places);
          expect(bad).toEqual([]);
          expect(updates.map(({ hostname }) => hostname)).toEqual(names.map((name) => name.trim()));
        },
      ),
    );
  });

  test('go on in chunks', async () => {
    const all = Array.from({ length: 2_300 }, (_, at) => (at % 100 === 0 ? 'x' : { ip: '10.0.0.1' }));
    const { chunks, bad } = await read(lines(...all));
    expect(chunks).toEqual([1_000, 1_000, 300]);
    expect(bad.map(({ line }) => line)).toEqual(Array.from({ length: 23 }, (_, at) => at * 100 + 1));
  });
});

describe('a table', () => {
  test('has columns by its header; metadata.NAME is metadata', async () => {
    const { updates, bad, end } = await read(
      'hostname, ip,metadata.serial,is_available,metadata.note\r\n"sw, core",10.0.0.1,S1,yes,"a ""b""\r\nc"\r\n\r\nh2,,S2,0,\r\n',
      'csv',
    );
    expect([bad, end]).toEqual([[], null]);
    expect(updates).toMatchObject([
      {
        hostname: 'sw, core',
        ip: '10.0.0.1',
        is_available: true,
        metadata: { serial: 'S1', note: 'a "b"\nc' },
      },
      { hostname: 'h2', is_available: false, metadata: { serial: 'S2' } },
    ]);
    expect(updates[1]).not.toHaveProperty('ip');
  });

  test('has every field that is no list as a column, a time in any of its forms', async () => {
    const columns = [
      'device_id',
      'ip',
      'mac',
      'hostname',
      'partition',
      'source',
      'timestamp',
      'agent_id',
      'poller_id',
    ];
    const more = ['service_type', 'service_id', 'is_available', 'confidence'];
    const header = [...columns, ...more].join(',');
    const row = (time: string) => `d,10.0.0.1,00:1B:00:00:00:01,h,p,s,${time},a,po,t,i,false,7`;
    const { updates, bad } = await read(
      lines(header, row('2026-01-02T03:04:05Z'), row('1780000000'), row('')),
      'csv',
    );
    expect(bad).toEqual([]);
    const times = ['2026-01-02T03:04:05.000Z', '2026-05-28T20:26:40.000Z', frame.importedAt];
    expect(updates).toEqual(
      times.map((timestamp) => ({
        ...{
          device_id: 'd',
          ip: '10.0.0.1',
          mac: '00:1B:00:00:00:01',
          hostname: 'h',
          partition: 'p',
          source: 's',
        },
        ...{ timestamp, agent_id: 'a', poller_id: 'po', service_type: 't', service_id: 'i' },
        ...{ is_available: false, confidence: 7, metadata: {} },
      })),
    );
  });

  test('of which lines are bad is read on, and they are told by number', async () => {
    const { updates, bad } = await read(
      lines(
        'ip,hostname',
        '10.0.0.1,a',
        '10.0.0.2',
        '10.0.0.3,b"c',
        '10.0.0.4,"d"e',
        'ten,f',
        '10.0.0.5,g',
        '10.0.0.6,"h',
      ),
      'csv',
    );
    expect(updates.map(({ ip }) => ip)).toEqual(['10.0.0.1', '10.0.0.5']);
    expect(bad.map(({ line, reason }) => [line, reason])).toEqual([
      [3, '1 fields, the header has 2'],
      [4, 'a quote stands within a field that is not quoted'],
      [5, 'something follows a closing quote'],
      [6, 'ip is no address'],
      [8, 'a quote is opened and never closed'],
    ]);
  });

  test.each([
    ['is no column', 'ip,address'],
    ['is no column', 'ip,metadata'],
    ['twice', 'ip,ip'],
    ['empty', ''],
    ['the header', '"ip'],
  ])('whose header says %s is not read', async (reason, header) => {
    const { updates, end } = await read(header, 'csv');
    expect([updates, end]).toEqual([[], { code: 'bad_source', detail: expect.stringContaining(reason) }]);
  });

  test('of any fields is read as it was written, however it is cut', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'é'), maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, field), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (rows, places) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const text = [
            'metadata.a,metadata.b,ip',
            ...rows.map(([a, b]) => `${quoted(a)},${quoted(b)},10.0.0.1`),
          ].join('\n');
          const { updates, bad } = await read(text, 'csv', places);
          expect(bad).toEqual([]);
          expect(updates.map(({ metadata }) => [metadata.a ?? '', metadata.b ?? ''])).toEqual(
            rows.map((row) => row.map((one) => one.trim())),
          );
        },
      ),
    );
  });
});
