/**
 * Texts that others write, under changed input: peer policies, PEM, heads of requests to the page. What was taken is
 * judged again by the words of its promise.
 */
import { CertsError, readPem, toPem } from '../../certs/index.ts';
import { parsePolicy } from '../../certs/policy-file.ts';
import { judgeHead, judgeUpgrade, pathOf } from '../../web/judgement.ts';
import { changedValue } from './change-value.ts';
import { mutated, pick } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

const own = 'example.org';

/** Policies: all of it is taken, or `bad_policy`; what is taken makes no stranger an operator or a tenant's node. */
export function policies(): FuzzTarget {
  const mapping = { id: 'spiffe://other.org/picket/core_9', role: 'core', name: 'core_9' };
  const policy = {
    foreign_authorities: [
      {
        ...{ trust_domain: 'other.org', roots: 'spire.pem' },
        nodes: [mapping, { prefix: 'spiffe://other.org/pollers/', role: 'poller' }],
      },
    ],
    older_tenant_authorities: [],
  };
  const corpus = [Buffer.from(JSON.stringify(policy))];
  return {
    name: 'policies',
    run(random) {
      const text =
        random.next() < 0.7
          ? JSON.stringify(changedValue(random, policy))
          : mutated(random, corpus).toString();
      let parsed: ReturnType<typeof parsePolicy>;
      try {
        parsed = parsePolicy(text, 'policy.json', own);
      } catch (error) {
        if (error instanceof CertsError && error.code === 'bad_policy') return;
        throw error;
      }
      for (const { trustDomain, nodes } of parsed.foreign) {
        if (trustDomain === own) throw new Error('our own trust domain is foreign');
        for (const { role } of nodes)
          if (!['core', 'web', 'poller', 'agent'].includes(role)) throw new Error(`the role ${role}`);
      }
    },
  };
}

/** PEM: blocks that are written as they were read, or `malformed`. */
export function pem(): FuzzTarget {
  const blocks = [30, 100, 700].map((bytes) => toPem(Buffer.alloc(bytes, bytes), 'CERTIFICATE'));
  const corpus = [blocks.join(''), blocks[0]!, `text\n${toPem(Buffer.alloc(9), 'X509 CRL')}`].map((text) =>
    Buffer.from(text),
  );
  return {
    name: 'pem',
    run(random) {
      const label = pick(random, ['CERTIFICATE', 'X509 CRL'] as const);
      const read = readPem(mutated(random, corpus).toString('latin1'), label);
      if (!read.ok) {
        if (read.error.code !== 'malformed') throw new Error(read.error.code);
        return;
      }
      const again = readPem(read.blocks.map((block) => toPem(block, label)).join(''), label);
      if (!again.ok || again.blocks.length !== read.blocks.length) throw new Error('not as it was read');
    },
  };
}

/** Heads of requests to the page: one that is let in is of this machine, and a socket is of our own page. */
export function heads(): FuzzTarget {
  const port = 8_080;
  const corpus = ['localhost:8080', 'http://localhost:8080', '/live', '/a?b', 'GET', '[::1]:8080'].map(
    (text) => Buffer.from(text),
  );
  const hosts = ['localhost:8080', '127.0.0.1:8080', '[::1]:8080'];
  return {
    name: 'heads',
    run(random) {
      const text = (given: string) =>
        random.next() < 0.6 ? given : mutated(random, corpus).toString('latin1');
      const head = {
        method: text('GET'),
        target: text('/live'),
        hosts: random.next() < 0.9 ? [text('localhost:8080')] : [],
        origins: random.next() < 0.9 ? [text('http://localhost:8080')] : [],
      };
      const isOurs = hosts.includes(head.hosts[0]?.toLowerCase() ?? '');
      if (judgeHead(head, port) === null && !isOurs) throw new Error(`let in by ${head.hosts}`);
      if (judgeUpgrade(head, port) !== null) return;
      // A browser always names one; who names none is no page.
      const origin = head.origins[0]?.toLowerCase();
      if (!isOurs || pathOf(head.target) !== '/live' || head.method !== 'GET') throw new Error('a socket');
      if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`))
        throw new Error(`a socket for ${origin}`);
    },
  };
}
