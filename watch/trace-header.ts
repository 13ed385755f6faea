/**
 * A trace as it travels: the `traceparent` of W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context/), in the
 * frames of actors, of procedures, and of an operator's command. Pure.
 */
import type { Random } from '../runtime/index.ts';

export interface TraceContext {
  /** 32 hex digits, not all 0. */
  readonly trace: string;
  /** 16 hex digits, not all 0: the step that what follows is a part of. */
  readonly span: string;
  /** Whether its steps are exported; else it is an id for the logs and nothing more. */
  readonly sampled: boolean;
}

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export function formatHeader({ trace, span, sampled }: TraceContext): string {
  return `00-${trace}-${span}-${sampled ? '01' : '00'}`;
}

/** Null for anything that is none; also of another version, whose length nobody knows. */
export function parseHeader(value: unknown): TraceContext | null {
  const parts = typeof value === 'string' && value.length === 55 ? form.exec(value) : null;
  if (parts === null) return null;
  const [, trace, span, flags] = parts as unknown as [string, string, string, string];
  if (/^0+$/.test(trace) || /^0+$/.test(span)) return null;
  return { trace, span, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function newTrace(random: Random): string {
  return newSpan(random) + newSpan(random);
}

/** By chance, and never 0. */
export function newSpan(random: Random): string {
  const word = () => Math.floor(random.next() * 0x1_0000_0000);
  return `${hex(word())}${hex(word() || 1)}`;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
