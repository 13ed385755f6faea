/**
 * What the compiler knows of topics, tried by `npm run check` alone: each line under `@ts-expect-error` must not compile,
 * and what follows it must. Nothing here is run.
 */
import { defineTopic, type PubSub, type Topic } from '../../cluster/index.ts';
import type { ActorSystem } from '../../runtime/index.ts';

interface Weather {
  readonly rain: boolean;
}

const weather = defineTopic<Weather>({ tenant: 'default', name: 'weather' });

export function typed(topics: PubSub, system: ActorSystem, signal: AbortSignal): void {
  topics.publish(system, weather, { rain: true });
  // @ts-expect-error: another message
  topics.publish(system, weather, { rain: 'much' });
  // @ts-expect-error: no message at all
  topics.publish(system, weather);
  topics.subscribe(weather, ({ rain }) => (rain satisfies boolean) && undefined, signal);
  // @ts-expect-error: nobody publishes snow
  topics.subscribe(weather, ({ snow }) => snow, signal);
  // @ts-expect-error: a topic of other messages
  const other: Topic<number> = weather;
  topics.publish(system, other, 1);
}

/** Without a type anything goes, and what comes is unknown. */
export function untyped(topics: PubSub, system: ActorSystem, signal: AbortSignal): void {
  const any = { tenant: 'default', name: 'any' };
  topics.publish(system, any, { rain: 'much' });
  topics.subscribe(
    any,
    (message) => {
      // @ts-expect-error: it must be looked at first
      message.rain;
    },
    signal,
  );
}
