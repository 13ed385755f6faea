/**
 * What stands in the payloads of signals and of failed calls, written and read. Between the router and the codec; what
 * arrives may be anything. Pure.
 */
import { messageOf, Ref, RuntimeError, type RuntimeErrorCode, type Signal } from '../runtime/index.ts';
import type { RoutedKind } from './frame-layout.ts';

export function signalPayload(signal: Signal): readonly unknown[] {
  switch (signal.type) {
    case 'monitor':
    case 'demonitor':
      return [signal.monitor];
    case 'down':
      return [signal.monitor, signal.reason, signal.detail];
    case 'exit':
      // The boot of the one that is linked: it may be an earlier one, which the peer's present boot would hide.
      return [signal.reason, signal.detail, signal.linked, signal.from.boot];
    default:
      return [];
  }
}

export function signalOf(type: RoutedKind, from: Ref, to: Ref, value: unknown): Signal | null {
  if (!Array.isArray(value)) return null;
  const [first, second, third, fourth] = value as unknown[];
  const isDetail = (detail: unknown): detail is string | null =>
    detail === null || typeof detail === 'string';
  switch (type) {
    case 'link':
    case 'unlink':
      return { type, from, to };
    case 'monitor':
    case 'demonitor':
      return typeof first === 'number' ? { type, from, to, monitor: first } : null;
    case 'down':
      if (typeof first !== 'number' || typeof second !== 'string' || !isDetail(third)) return null;
      return { type, from, to, monitor: first, reason: second, detail: third };
    case 'exit':
      if (typeof first !== 'string' || !isDetail(second)) return null;
      return {
        type,
        from: typeof fourth === 'number' ? new Ref(from.node, fourth, from.id) : from,
        to,
        reason: first,
        detail: second,
        linked: third === true,
      };
    default:
      return null;
  }
}

export function errorForm(error: unknown): { code: string; detail: string } {
  if (error instanceof RuntimeError) return { code: error.code, detail: error.detail };
  // A refusal with a code of its own keeps it: the caller acts on codes, not on texts.
  const { code } = error as { code?: unknown };
  return { code: typeof code === 'string' ? code : 'handler_failed', detail: messageOf(error) };
}

export function errorOf(value: unknown): RuntimeError {
  const { code, detail } = (value ?? {}) as { code?: unknown; detail?: unknown };
  return new RuntimeError(
    (typeof code === 'string' ? code : 'handler_failed') as RuntimeErrorCode,
    typeof detail === 'string' ? detail : 'no detail',
  );
}
