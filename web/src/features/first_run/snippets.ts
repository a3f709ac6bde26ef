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
      return `pip install honeyguide

import honeyguide
honeyguide.init(service="my-agents", endpoint="${http}")

# or, with the OpenTelemetry SDK you already have:
#   OTEL_EXPORTER_OTLP_ENDPOINT=${http}
#   OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`;
    case "js":
      return `npm install @opentelemetry/sdk-node @opentelemetry/exporter-trace-otlp-proto

export OTEL_SERVICE_NAME=my-agents
export OTEL_EXPORTER_OTLP_ENDPOINT=${http}
node --import @opentelemetry/sdk-node/register app.js`;
    case "go":
      return `exporter, err := otlptracegrpc.New(ctx,
    otlptracegrpc.WithEndpointURL("${grpc}"))
if err != nil { return err }
otel.SetTracerProvider(sdktrace.NewTracerProvider(
    sdktrace.WithBatcher(exporter)))`;
    case "cpp":
      return `#include <honeyguide/honeyguide.h>

honeyguide::Config config;
config.remote_endpoint = "${http}";
// find_package(honeyguide) in CMake; see docs/guide for the tutorial.`;
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
      return `pip install honeyguide opentelemetry-instrumentation-langchain

import honeyguide
honeyguide.init(service="my-graph", endpoint="${http}")
graph.invoke({"messages": [...]})   # nodes, tools and hand-offs appear`;
    case "crewai":
      return `pip install honeyguide openinference-instrumentation-crewai

import honeyguide
honeyguide.init(service="my-crew", endpoint="${http}")
crew.kickoff()`;
    default:
      return `pip install honeyguide openinference-instrumentation-openai-agents

import honeyguide
honeyguide.init(service="my-agents", endpoint="${http}")
Runner.run_sync(agent, "hello")`;
  }
}
