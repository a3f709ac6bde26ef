// Sends one fixed story (two spans, one log record, three metrics) with the official OpenTelemetry
// SDK for JavaScript and prints the trace's id as JSON.
//   node send.mjs grpc|protobuf|json BASE_URL [TRACES]
// With TRACES, that many one-span traces go through the batch processor instead and their ids are
// printed: for tests of retries.
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const [protocol, base, traces] = process.argv.slice(2);
const suffix = { grpc: 'grpc', protobuf: 'proto', json: 'http' }[protocol];
const exporterOf = async (signal, name) => {
  const module = await import(`@opentelemetry/exporter-${signal}-otlp-${suffix}`);
  const path = { trace: 'traces', logs: 'logs', metrics: 'metrics' }[signal];
  return new module[name]({ url: protocol === 'grpc' ? base : `${base}/v1/${path}` });
};

const resource = resourceFromAttributes({
  'service.name': 'sdk-js', 'story.number': 7, 'story.list': ['a', 'b'],
});
const tracers = new BasicTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(await exporterOf('trace', 'OTLPTraceExporter'),
    { maxQueueSize: 100000, maxExportBatchSize: 512 })],
});
const tracer = tracers.getTracer('story', '1.2.3');

function tellStory() {
  const parent = tracer.startSpan('plan', { kind: SpanKind.INTERNAL, attributes: {
    text: 'snow \u2603', flag: true, count: 9007199254740991, ratio: 0.25,
    words: ['a', 'b'], numbers: [1, 2, 3] } });
  parent.addEvent('step', { n: 1 });
  parent.setStatus({ code: SpanStatusCode.ERROR, message: 'it broke' });
  const within = trace.setSpan(context.active(), parent);
  const link = { context: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 },
    attributes: { why: 'retry' } };
  tracer.startSpan('call', { kind: SpanKind.CLIENT, links: [link] }, within).end();
  parent.end();
  return [parent, within];
}

if (traces) {
  const ids = [];
  for (let i = 0; i < Number(traces); i += 1) {
    const span = tracer.startSpan('one', { attributes: { i } });
    span.end();
    ids.push(span.spanContext().traceId);
  }
  await tracers.shutdown();
  console.log(JSON.stringify({ trace_ids: ids }));
} else {
  const loggers = new LoggerProvider({ resource,
    processors: [new BatchLogRecordProcessor(await exporterOf('logs', 'OTLPLogExporter'))] });
  const meters = new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({
    exporter: await exporterOf('metrics', 'OTLPMetricExporter') })] });
  const [parent, within] = tellStory();
  loggers.getLogger('story', '1.2.3').emit({ body: 'disk is full', severityText: 'WARN',
    severityNumber: SeverityNumber.WARN, attributes: { n: 1 }, context: within });
  const meter = meters.getMeter('story', '1.2.3');
  meter.createCounter('story.calls').add(5, { kind: 'a' });
  meter.createUpDownCounter('story.queue').add(-2);
  const latency = meter.createHistogram('story.latency', { unit: 's' });
  [0.5, 3, 40].forEach((seconds) => latency.record(seconds));
  await tracers.shutdown();
  await loggers.shutdown();
  await meters.shutdown();
  console.log(JSON.stringify({ trace_id: parent.spanContext().traceId }));
}
