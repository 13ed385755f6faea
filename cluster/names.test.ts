import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatKey, formatNode, isKeyId, isNodeName, isRegistryKey, parseKey } from './names.ts';

const part = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/);
const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter(isKeyId);

describe('names', () => {
  it('accepts node names of a-z, 0-9, _ and - up to 63 characters and nothing else', () => {
    expect(['core_1', 'a', 'web-2', '9', 'x'.repeat(63)].every(isNodeName)).toBe(true);
    for (const bad of ['', 'Core', 'a b', 'a/b', 'a.b', 'é', 'a\n', 'x'.repeat(64), 7, null]) {
      expect(isNodeName(bad), String(bad)).toBe(false);
    }
  });

  it('reads back every valid key from its text, also when the id has slashes', () => {
    fc.assert(
      fc.property(part, part, part, id, (tenant, partition, kind, keyId) => {
        const key = { tenant, partition, kind, id: keyId };
        expect(parseKey(formatKey(key))).toEqual(key);
      }),
    );
    expect(parseKey('t/default/device/10.0.0.1/24')?.id).toBe('10.0.0.1/24');
  });

  it('refuses keys that could forge a line or another key', () => {
    const key = { tenant: 't', partition: 'p', kind: 'k', id: 'i' };
    expect(isRegistryKey(key)).toBe(true);
    for (const bad of [
      { ...key, tenant: 'a/b' },
      { ...key, partition: '' },
      { ...key, kind: 'k'.repeat(129) },
      { ...key, id: '' },
      { ...key, id: 'a\nb' },
      { ...key, id: '\ud800' },
      { ...key, id: 'i'.repeat(256) },
    ]) {
      expect(isRegistryKey(bad), JSON.stringify(bad)).toBe(false);
    }
    expect(parseKey('a/b/c')).toBeNull();
    expect(parseKey('')).toBeNull();
  });

  it('shows a node with its address', () => {
    expect(formatNode('core_1', '127.0.0.1:7000')).toBe('core_1@127.0.0.1:7000');
  });
});
