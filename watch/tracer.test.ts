import { expect, test } from 'vitest';
import { ActorSystem, defineActor, followed, manualClock, type Ref, seededRandom } from '../runtime/index.ts';
import { spanLifeMs, spanNameCharactersMax, spanSweepMs, spansOpenMax } from './limits.ts';
import { type EndedSpan, Tracer } from './tracer.ts';

interface StepProtocol {
  start: [];
  call: { ask(next: Ref<StepProtocol> | null): string | null; fail(): null; late(): null };
  cast: { tell(): void };
}

function scene(sample = 1) {
  const clock = manualClock();
  const ended: EndedSpan[] = [];
  const tracer = new Tracer({ clock, random: seededRandom(7), sample, take: (span) => ended.push(span) });
  const system = new ActorSystem({ clock, node: 'a' });
  system.tracing = tracer;
  const seen: (string | null)[] = [];
  const step = defineActor<null, StepProtocol>({
    name: 'step',
    init: () => null,
    call: {
      async ask(self, next) {
        await Promise.resolve();
        if (next !== null) await self.call(next).ask(null);
        await Promise.resolve();
        return tracer.trace();
      },
      fail() {
        throw new Error('no');
      },
      late: (self) => self.replyLater() as never,
    },
    cast: {
      tell: () => void seen.push(tracer.trace()),
    },
  });
  const [one, two] = [system.spawn(step), system.spawn(step)];
  return { clock, ended, tracer, system, seen, one, two };
}

const names = (spans: readonly EndedSpan[]) => spans.map(({ name }) => name).sort();

test('a call that calls is three steps of one trace, each a part of the one that asked, also after it has waited', async () => {
  const { ended, tracer, system, one, two } = scene();
  const root = tracer.root('server', 'command')!;
  const trace = await followed(root, () => system.call(one).ask(two));
  expect(trace).toBe(root.trace);
  expect(names(ended)).toEqual(['command', 'step.ask', 'step.ask']);
  const [inner, outer, command] = ended as [EndedSpan, EndedSpan, EndedSpan];
  expect([inner.parent, outer.parent, command.parent]).toEqual([outer.span, command.span, null]);
  expect(new Set(ended.map((span) => span.trace))).toEqual(new Set([root.trace]));
  expect(tracer.isOn).toBe(false);
});

test('what a stranger calls a step is cut, so that a queue of steps has a bound in bytes', () => {
  const { ended, tracer } = scene();
  tracer.root('server', `procedure ${'x'.repeat(100_000)}`)!.end();
  expect(ended[0]!.name).toHaveLength(spanNameCharactersMax);
});

test('what nobody follows is no step, and finds no trace', async () => {
  const { ended, tracer, system, seen, one, two } = scene();
  expect(await system.call(one).ask(two)).toBeNull();
  system.cast(one).tell();
  await system.call(one).ask(null);
  expect([seen, ended, tracer.openCount]).toEqual([[null], [], 0]);
});

test('a cast is a step that ends when it was handled, and a call that fails says why', async () => {
  const { ended, tracer, system, seen, one } = scene();
  const root = tracer.root('server', 'command')!;
  await followed(root, async () => {
    system.cast(one).tell();
    await system.call(one).ask(null);
    await system
      .call(one)
      .fail()
      .catch(() => null);
  });
  expect(seen).toEqual([root.trace]);
  expect(names(ended)).toEqual(['command', 'step.ask', 'step.fail', 'step.tell']);
  expect(ended.find(({ name }) => name === 'step.fail')!.error).toContain('no');
  expect(tracer.openCount).toBe(0);
});

test('casts that lie in the mailbox of an actor that ends are steps that ended', async () => {
  const { ended, tracer, system, one } = scene();
  const root = tracer.root('server', 'command')!;
  await followed(root, async () => {
    await system.call(one).ask(null);
    system.cast(one).tell();
    system.exit(one, 'kill');
    await system.ended(one);
  });
  expect(names(ended)).toEqual(['command', 'step.ask', 'step.tell']);
});

test('what goes on after its step has ended is a part of nothing', async () => {
  const { tracer, ended } = scene();
  let later: string | null = 'not yet';
  const root = tracer.root('server', 'command')!;
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const going = root.run(async () => {
    await gate;
    later = tracer.trace();
    tracer.begin('internal', 'too late')?.end();
  });
  root.end();
  const other = tracer.root('server', 'other')!;
  go();
  await going;
  other.end();
  expect([later, names(ended)]).toEqual([null, ['command', 'other']]);
});

test('a trace that is not sampled has an id for the logs, and nothing is exported', async () => {
  const { ended, tracer, system, one, two } = scene(0);
  const root = tracer.root('server', 'command')!;
  expect(await followed(root, () => system.call(one).ask(two))).toBe(root.trace);
  expect(root.header).toMatch(/-00$/);
  expect(ended).toEqual([]);
});

test('under a header from elsewhere the first step is a part of it; what is no header changes nothing', () => {
  const { ended, tracer } = scene(0);
  const header = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  tracer.under(header, () => tracer.begin('internal', 'here')!.end());
  expect(tracer.under('nonsense', () => tracer.begin('internal', 'there'))).toBeNull();
  expect(ended).toMatchObject([
    { name: 'here', kind: 'server', parent: 'b7ad6b7169203331', isParentRemote: true },
  ]);
  expect(tracer.isOn).toBe(false);
});

test('a step that has no end gets one, and never are more than so many open', async () => {
  const { clock, ended, tracer, system, one } = scene();
  const root = tracer.root('server', 'command')!;
  const asking = root.run(() =>
    system
      .call(one, 5_000)
      .late()
      .catch(() => null),
  );
  root.end();
  for (let count = tracer.openCount; count < spansOpenMax; count += 1) tracer.root('server', 'more');
  expect(tracer.root('server', 'one too many')).toBeNull();
  await clock.advance(spanLifeMs + 2 * spanSweepMs);
  await asking;
  expect([tracer.openCount, tracer.refused, tracer.isOn]).toEqual([0, 1, false]);
  expect(ended.find(({ name }) => name === 'step.late')!.error).toContain('no end within');
});

test('the sampling chooses a share of what is followed for itself, and what it does not choose costs nothing', () => {
  const { ended, tracer } = scene(0.25);
  const chosen = Array.from({ length: 400 }, () => {
    const span = tracer.sampled('internal', 'check tcp', {});
    expect(tracer.isOn).toBe(span !== null);
    span?.end();
    return span;
  }).filter((span) => span !== null);
  expect(chosen.length).toBeGreaterThan(60);
  expect(chosen.length).toBeLessThan(140);
  expect(ended).toHaveLength(chosen.length);
  expect(scene(0).tracer.sampled('internal', 'check tcp')).toBe(null);
});
