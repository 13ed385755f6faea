/**
 * What a message between nodes carries of the work that it is a part of: a third element beside method and arguments, a W3C
 * `traceparent`, and only while its sender is followed. A build that knows nothing of it reads the first two. Nothing of it
 * goes over a link that the tenant fence stands on. Between the router and the runtime's hook.
 */
import { type ActorSystem, FollowedReply, type ReplyTarget } from '../runtime/index.ts';
import type { Link } from './link.ts';

/** The reply of a call to another node, as a step of its own when the caller is followed. */
export function stepOf(
  { tracing }: ActorSystem,
  link: Link,
  method: string,
  reply: ReplyTarget,
): ReplyTarget {
  if (tracing === null || !tracing.isOn || link.fence !== null) return reply;
  const peer = link.peer?.identity;
  const node = peer?.kind === 'node' ? peer.name : '';
  const span = tracing.begin('client', `call ${method}`, { 'picket.node': node });
  return span === null ? reply : new FollowedReply(span, reply);
}

/** The payload of a cast or call; `step`: that of a call. */
export function sent(
  { tracing }: ActorSystem,
  link: Link,
  step: ReplyTarget | null,
  method: string,
  args: readonly unknown[],
): readonly unknown[] {
  if (tracing === null || !tracing.isOn || link.fence !== null) return [method, args];
  const header = step instanceof FollowedReply ? step.span.header : tracing.header();
  return header === null ? [method, args] : [method, args, header];
}
