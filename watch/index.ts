/** The door of what is told about a node: its metrics as text, and the traces of what it does. */
export { Exposition, type MetricsForm, type MetricsText } from './exposition.ts';
export {
  asked,
  type Distribution,
  each,
  type Family,
  type FamilyGroup,
  labelled,
  one,
  plain,
  type Sample,
} from './family.ts';
export { type Health, listenForScrapes, type MetricsListener } from './listener.ts';
export { nodeFamilies } from './node-families.ts';
export { type ProcessNeeds, processFamilies } from './process-families.ts';
export { otlpSender, type SendSpans, type SpanExporter, spanExporter } from './span-exporter.ts';
export { formatHeader, newSpan, newTrace, type TraceContext } from './trace-header.ts';
export { type EndedSpan, Tracer } from './tracer.ts';
export { tracerFamilies } from './tracer-families.ts';
