// Writes src/api/generated.ts: the types of the API's documents, from docs/reference/openapi.json.
//   npm run gen:api            writes
//   npm run gen:api -- --check fails if the file is not current
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "../../docs/reference/openapi.json");
const target = join(here, "../src/api/generated.ts");

const name = (reference) => reference.split("/").at(-1);
const key = (text) => (/^[A-Za-z_$][\w$]*$/.test(text) ? text : JSON.stringify(text));

/** A JSON Schema of the document as a TypeScript type. */
export function typeOf(schema) {
  if (!schema || Object.keys(schema).length === 0) return "unknown";
  if (schema.$ref) return name(schema.$ref);
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" | ");
  if (schema.allOf) return schema.allOf.map(typeOf).join(" & ");
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  switch (schema.type) {
    case "string":
      return "string";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array": {
      const item = typeOf(schema.items);
      return /[|&]/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case "object":
      return objectType(schema);
    default:
      return "unknown";
  }
}

function objectType(schema) {
  if (schema.additionalProperties) return `Record<string, ${typeOf(schema.additionalProperties)}>`;
  if (!schema.properties) return "Record<string, unknown>";
  const required = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties).map(([member, type]) => `${key(member)}${required.has(member) ? "" : "?"}: ${typeOf(type)}`);
  return members.length === 0 ? "Record<string, never>" : `{ ${members.join("; ")} }`;
}

function answersOf(document) {
  const lines = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const answer = operation.responses["200"]?.content?.["application/json"];
      if (!answer || operation.tags?.[0] === "compatible") continue;
      lines.push(`  /** ${operation.summary ?? ""} */`, `  ${JSON.stringify(`${method.toUpperCase()} ${path}`)}: ${typeOf(answer.schema)};`);
    }
  }
  return lines;
}

export function generate(document) {
  const types = Object.entries(document.components.schemas).map(([type, schema]) => `export type ${type} = ${typeOf(schema)};`);
  return [
    "// Generated from docs/reference/openapi.json by scripts/gen_api.mjs (npm run gen:api). Do not edit.",
    "",
    ...types,
    "",
    "/** The JSON answer of each route. */",
    "export type Answers = {",
    ...answersOf(document),
    "};",
    "",
  ].join("\n");
}

const text = generate(JSON.parse(readFileSync(source, "utf8")));
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error("src/api/generated.ts is not current; run npm run gen:api");
    process.exitCode = 1;
  }
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(target, text);
}
