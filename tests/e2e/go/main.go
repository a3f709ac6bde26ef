// Sends one fixed story (two spans, one log record, three metrics) with the official OpenTelemetry
// SDK for Go and prints the trace's id as JSON.
//
//	senders grpc|protobuf HOST:PORT [TRACES]
//
// With TRACES, that many one-span traces go through the batch processor instead and their ids are
// printed: for tests of retries.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otellog "go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

type exporters struct {
	spans   sdktrace.SpanExporter
	logs    sdklog.Exporter
	metrics sdkmetric.Exporter
}

func open(ctx context.Context, protocol, at string) exporters {
	if protocol == "grpc" {
		return exporters{
			must(otlptrace.New(ctx, otlptracegrpc.NewClient(
				otlptracegrpc.WithEndpoint(at), otlptracegrpc.WithInsecure()))),
			must(otlploggrpc.New(ctx, otlploggrpc.WithEndpoint(at), otlploggrpc.WithInsecure())),
			must(otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpoint(at), otlpmetricgrpc.WithInsecure())),
		}
	}
	gzip := otlptracehttp.WithCompression(otlptracehttp.GzipCompression)
	return exporters{
		must(otlptrace.New(ctx, otlptracehttp.NewClient(
			otlptracehttp.WithEndpoint(at), otlptracehttp.WithInsecure(), gzip))),
		must(otlploghttp.New(ctx, otlploghttp.WithEndpoint(at), otlploghttp.WithInsecure())),
		must(otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpoint(at), otlpmetrichttp.WithInsecure())),
	}
}

func tellStory(ctx context.Context, tracer trace.Tracer) (context.Context, string) {
	within, parent := tracer.Start(ctx, "plan", trace.WithAttributes(
		attribute.String("text", "snow \u2603"), attribute.Bool("flag", true),
		attribute.Int64("count", 9007199254740991), attribute.Float64("ratio", 0.25),
		attribute.StringSlice("words", []string{"a", "b"}),
		attribute.Int64Slice("numbers", []int64{1, 2, 3})))
	parent.AddEvent("step", trace.WithAttributes(attribute.Int("n", 1)))
	parent.SetStatus(codes.Error, "it broke")
	traceID := must(trace.TraceIDFromHex("abababababababababababababababab"))
	spanID := must(trace.SpanIDFromHex("cdcdcdcdcdcdcdcd"))
	_, call := tracer.Start(within, "call", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithLinks(trace.Link{
			SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled}),
			Attributes: []attribute.KeyValue{attribute.String("why", "retry")}}))
	call.End()
	parent.End()
	return within, parent.SpanContext().TraceID().String()
}

func tellLogsAndMetrics(ctx, within context.Context, out exporters, about *resource.Resource) {
	loggers := sdklog.NewLoggerProvider(sdklog.WithResource(about),
		sdklog.WithProcessor(sdklog.NewBatchProcessor(out.logs)))
	var record otellog.Record
	record.SetBody(otellog.StringValue("disk is full"))
	record.SetSeverity(otellog.SeverityWarn)
	record.SetSeverityText("WARN")
	record.AddAttributes(otellog.Int("n", 1))
	loggers.Logger("story", otellog.WithInstrumentationVersion("1.2.3")).Emit(within, record)
	check(loggers.Shutdown(ctx))

	meters := sdkmetric.NewMeterProvider(sdkmetric.WithResource(about),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(out.metrics)))
	meter := meters.Meter("story", metric.WithInstrumentationVersion("1.2.3"))
	must(meter.Int64Counter("story.calls")).Add(ctx, 5,
		metric.WithAttributes(attribute.String("kind", "a")))
	must(meter.Int64UpDownCounter("story.queue")).Add(ctx, -2)
	latency := must(meter.Float64Histogram("story.latency", metric.WithUnit("s")))
	for _, seconds := range []float64{0.5, 3, 40} {
		latency.Record(ctx, seconds)
	}
	check(meters.Shutdown(ctx))
}

func main() {
	ctx := context.Background()
	out := open(ctx, os.Args[1], os.Args[2])
	about := resource.NewSchemaless(attribute.String("service.name", "sdk-go"),
		attribute.Int("story.number", 7), attribute.StringSlice("story.list", []string{"a", "b"}))
	tracers := sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(out.spans,
		sdktrace.WithMaxQueueSize(100000), sdktrace.WithMaxExportBatchSize(512)))
	tracer := tracers.Tracer("story", trace.WithInstrumentationVersion("1.2.3"))
	answer := map[string]any{}
	if len(os.Args) > 3 {
		ids := []string{}
		for i := range must(strconv.Atoi(os.Args[3])) {
			_, span := tracer.Start(ctx, "one", trace.WithAttributes(attribute.Int("i", i)))
			span.End()
			ids = append(ids, span.SpanContext().TraceID().String())
		}
		answer["trace_ids"] = ids
	} else {
		within, id := tellStory(ctx, tracer)
		tellLogsAndMetrics(ctx, within, out, about)
		answer["trace_id"] = id
	}
	check(tracers.Shutdown(ctx))
	fmt.Println(string(must(json.Marshal(answer))))
}
