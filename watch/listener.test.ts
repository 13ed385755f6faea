import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { manualClock } from '../runtime/index.ts';
import { Exposition } from './exposition.ts';
import { plain } from './family.ts';
import { listenForScrapes, type MetricsListener } from './listener.ts';

let listener: MetricsListener;
afterEach(() => listener.close());

async function scene(because: readonly string[] = []) {
  const exposition = new Exposition(manualClock(), () => {});
  exposition.add({ families: [plain('gauge', 'picket_things', 'Things.', () => 3)] });
  listener = await listenForScrapes(
    exposition,
    () => because,
    { host: '127.0.0.1', port: 0 },
    () => {},
  );
  const port = Number(listener.address.split(':')[1]);
  return (path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve({ status: answer.statusCode!, text }));
      })
        .on('error', reject)
        .end();
    });
}

test('metrics and health are answered, and nothing else', async () => {
  const get = await scene();
  expect((await get('/metrics')).text).toContain('picket_things 3\n');
  expect(await get('/health')).toEqual({ status: 200, text: '{"status":"ok","because":[]}\n' });
  expect((await get('/')).status).toBe(404);
});

test('who cannot do its work says why', async () => {
  const get = await scene(['no core is up']);
  expect(await get('/health')).toEqual({
    status: 503,
    text: '{"status":"failing","because":["no core is up"]}\n',
  });
});

test('on loopback a page whose name leads here learns nothing', async () => {
  const get = await scene();
  expect((await get('/metrics', { Host: 'evil.example.org' })).status).toBe(421);
  expect((await get('/metrics', { Host: 'localhost:9464' })).status).toBe(200);
});
