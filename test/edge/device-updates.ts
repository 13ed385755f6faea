/** Made-up device updates as a sync has them, in a JSON array, a piece of many at a time: never in memory as a whole. */

const updatesPerPiece = 500;

export async function* deviceUpdates(
  count: number,
  onUpdates?: (made: number) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at += updatesPerPiece) {
    const texts: string[] = [];
    for (let n = at; n < Math.min(count, at + updatesPerPiece); n += 1) texts.push(JSON.stringify(update(n)));
    const isLast = at + updatesPerPiece >= count;
    yield Buffer.from(`${at === 0 ? '[' : ','}${texts.join(',')}${isLast ? ']' : ''}`);
    await onUpdates?.(at + texts.length);
  }
}

function update(n: number) {
  const hex = n.toString(16).padStart(8, '0');
  const site = `site-${n % 97}`;
  return {
    device_id: `north:10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
    ip: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
    mac: `02:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:${hex.slice(6)}`,
    hostname: `host-${hex}.${site}.example.org`,
    source: 'netbox',
    agent_id: 'site_1',
    partition: 'north',
    is_available: n % 3 !== 0,
    timestamp: new Date(1_780_000_000_000 + n * 1_000).toISOString(),
    metadata: { netbox_device_id: String(n), role: n % 5 === 0 ? 'switch' : 'server', site },
  };
}
