// @vitest-environment node
// Proves that docs/reference/ui-api.md and the page's schemas say the same: every JSON example of the
// reference is validated by the schema that the page uses for that endpoint.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as alertDocuments from "@/api/alert_documents";
import * as documents from "@/api/documents";
import * as traceDocuments from "@/api/trace_documents";

const SCHEMAS: Record<string, v.GenericSchema> = {
  "GET /api/v1/status": documents.statusDocument,
  "GET /api/v1/overview": documents.overview,
  "GET /api/v1/agents": documents.agents,
  "GET /api/v1/agents/{id}": documents.agentDocument,
  "GET /api/v1/agents/{id}/effect": documents.effect,
  "GET /api/v1/topology": documents.topology,
  "GET /api/v1/topology/pair": documents.topologyPair,
  "GET /api/v1/workflows": documents.workflows,
  "GET /api/v1/workflows/{name}": documents.workflowDocument,
  "GET /api/v1/traces": documents.traces,
  "GET /api/v1/traces/facets": documents.facets,
  "GET /api/v1/traces/scatter": documents.scatter,
  "GET /api/v1/traces/complete": documents.completions,
  "GET /api/v1/traces/{trace_id}/skeleton": traceDocuments.skeleton,
  "GET /api/v1/traces/{trace_id}/spans/{span_id}": traceDocuments.spanDocument,
  "GET /api/v1/traces/{trace_id}/conversation": traceDocuments.conversation,
  "GET /api/v1/conflicts": documents.conflicts,
  "GET /api/v1/dependencies": documents.dependencies,
  "GET /api/v1/alerts": alertDocuments.alerts,
  "GET /api/v1/alerts/{id}": alertDocuments.alertDocument,
  "GET /api/v1/predictions": alertDocuments.predictions,
  "GET /api/v1/anomalies": alertDocuments.anomalies,
  "GET /api/v1/mitigations": alertDocuments.mitigations,
  "GET /api/v1/silences": documents.silences,
  "GET /api/v1/escalations": alertDocuments.escalations,
  "GET /api/v1/audit": alertDocuments.audit,
  "GET /api/v1/health": documents.health,
  "GET /api/v1/settings": documents.settings,
  "POST /api/v1/rules/preview": documents.rulePreview,
  "GET /api/v1/receivers": documents.receivers,
  "GET /api/v1/search": documents.searchResults,
};

const reference = readFileSync(fileURLToPath(new URL("../../docs/reference/ui-api.md", import.meta.url)), "utf8");
const examples = reference.split(/^## /m).flatMap((section) => {
  const title = section.slice(0, section.indexOf("\n")).trim();
  const block = /```json\n([\s\S]*?)```/.exec(section)?.[1];
  return block === undefined ? [] : [{ title, block }];
});

describe("the reference of the page's API", () => {
  test("names every endpoint the page has a schema for, and no other", () => {
    expect(examples.map((e) => e.title).sort()).toEqual(Object.keys(SCHEMAS).sort());
  });

  test.each(examples)("$title: the example is what the page accepts", ({ title, block }) => {
    const schema = SCHEMAS[title];
    expect(schema).toBeDefined();
    const result = v.safeParse(schema as v.GenericSchema, JSON.parse(block));
    const issue = result.issues?.[0];
    expect(issue ? `${v.getDotPath(issue) ?? ""}: ${issue.message}` : "valid").toBe("valid");
  });
});
