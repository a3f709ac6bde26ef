export const LANGUAGES = [
  { value: "python", label: "Python" }, { value: "js", label: "JS" }, { value: "go", label: "Go" }, { value: "cpp", label: "C++" }, { value: "curl", label: "curl" },
];
export const FRAMEWORKS = [
  { value: "langgraph", label: "LangGraph" }, { value: "crewai", label: "CrewAI" }, { value: "openai", label: "OpenAI Agents" },
];

interface Endpoints {
  grpc: string;
  http: string;
}

/** A few lines that send a first trace from one language or framework. */
export function snippetOf(choice: string, { grpc, http }: Endpoints): string {
  switch (choice) {
    case "python":
      return `pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http

${python(http)}`;
    case "js":
      return `npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node

export OTEL_SERVICE_NAME=my-agents
export OTEL_EXPORTER_OTLP_ENDPOINT=${http}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
node --require @opentelemetry/auto-instrumentations-node/register app.js`;
    case "go":
      return `exporter, err := otlptracegrpc.New(ctx,
    otlptracegrpc.WithEndpointURL("${grpc}"))
if err != nil { return err }
otel.SetTracerProvider(sdktrace.NewTracerProvider(
    sdktrace.WithBatcher(exporter)))`;
    case "cpp":
      return `#include <honeyguide/config.h>

honeyguide::Config config;
config.service_name = "my-agents";
config.server = "${http}";
// or without a line of code: HONEYGUIDE_SERVER=${http}`;
    case "curl":
      return `curl ${http}/v1/traces -H 'Content-Type: application/json' -d '{
  "resourceSpans":[{"resource":{"attributes":[
      {"key":"service.name","value":{"stringValue":"hello"}}]},
    "scopeSpans":[{"spans":[{
      "traceId":"5b8efff798038103d269b633813fc60c",
      "spanId":"eee19b7ec3c1b174","name":"invoke_agent hello","kind":1,
      "startTimeUnixNano":"'$(date +%s)000000000'",
      "endTimeUnixNano":"'$(date +%s)500000000'",
      "attributes":[{"key":"gen_ai.agent.name","value":{"stringValue":"hello"}}]}]}]}]}'`;
    case "langgraph":
      return framework("langchain", "LangChainInstrumentor", http);
    case "crewai":
      return framework("crewai", "CrewAIInstrumentor", http);
    default:
      return framework("openai-agents", "OpenAIAgentsInstrumentor", http);
  }
}

function python(http: string): string {
  return `from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(
    OTLPSpanExporter(endpoint="${http}/v1/traces")))
trace.set_tracer_provider(provider)`;
}

function framework(name: string, instrumentor: string, http: string): string {
  return `pip install openinference-instrumentation-${name} \\
    opentelemetry-sdk opentelemetry-exporter-otlp-proto-http

${python(http)}

from openinference.instrumentation.${name.replace("-", "_")} import ${instrumentor}
${instrumentor}().instrument()`;
}
