/** What following work costs and loses: open steps, spans that were exported or dropped. */
import { type FamilyGroup, plain } from './family.ts';
import type { SpanExporter } from './span-exporter.ts';
import type { Tracer } from './tracer.ts';

/** `exporter`: null when no collector was named. */
export function tracerFamilies(tracer: Tracer, exporter: SpanExporter | null): FamilyGroup {
  return {
    families: [
      plain(
        'gauge',
        'picket_trace_open_spans',
        'Steps of commands and requests that are under way here.',
        () => tracer.openCount,
      ),
      plain(
        'counter',
        'picket_trace_refused_spans_total',
        'Steps that were not followed, because too many were open.',
        () => tracer.refused,
      ),
      plain(
        'counter',
        'picket_trace_unended_spans_total',
        'Steps that had no end in time.',
        () => tracer.unended,
      ),
      plain(
        'counter',
        'picket_trace_exported_spans_total',
        'Spans that the collector took.',
        () => exporter?.exported ?? 0,
      ),
      plain(
        'counter',
        'picket_trace_dropped_spans_total',
        'Spans that the collector did not take, or that had no place in the queue.',
        () => exporter?.dropped ?? 0,
      ),
      plain(
        'gauge',
        'picket_trace_queued_spans',
        'Spans that wait for the collector.',
        () => exporter?.queued ?? 0,
      ),
    ],
  };
}
