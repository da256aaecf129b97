import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import { selfContained } from "../json-schema/self-contained.js";
import { wrapsOutput } from "../json-schema/wraps-output.js";
import type { Declared } from "../model/project.js";
import type { JsonObject, Located } from "../model/source.js";
import { checkDefaults } from "./defaults.js";
import { checkExamples } from "./examples.js";
import { refuseHeaders } from "./headers.js";
import type { OpenObjectChecks } from "./open-objects.js";
import { checkPrompt } from "./prompts.js";
import { checkResource, checkResourceTemplate } from "./resources.js";
import type { SchemaChecks, SchemaFindings } from "./schemas.js";
import type { TextPart } from "./text-part.js";
import { checkTool } from "./tools.js";
import type { Reachable } from "../model/schema.js";

export const sections = ["tools", "resources", "resourceTemplates", "prompts"] as const;
export type Section = (typeof sections)[number];

/** Services and data for the checks of an entry. */
export interface EntryChecks {
  readonly schemas: SchemaChecks;
  readonly openObjects: OpenObjectChecks;
  readonly reachable: Reachable;
  readonly part: TextPart;
}

/** Checks the parts of an entry that depend only on the entry, shared definitions and schema files. */
export function checkEntry(section: Section, entry: Declared<JsonObject>, checks: EntryChecks): SchemaFindings {
  const schemas = checkEntrySchemas(section, entry, checks.schemas);
  const diagnostics = [...checks.openObjects.entry(section, entry.node), ...schemas.diagnostics];
  checkRules(section, entry, checks.part, diagnostics);
  return { diagnostics, targets: schemas.targets };
}

/** Checks the rules of an entry beyond its shape and its schemas. */
export function checkRules(
  section: Section,
  entry: Declared<JsonObject>,
  part: TextPart,
  diagnostics: Diagnostic[],
): void {
  if (section === "tools") checkTool(entry, part, diagnostics);
  else if (section === "resources") checkResource(entry, diagnostics);
  else if (section === "resourceTemplates") checkResourceTemplate(entry, diagnostics);
  else checkPrompt(entry, part, diagnostics);
}

export function checkEntrySchemas(
  section: Section,
  { node }: Declared<JsonObject>,
  { check }: SchemaChecks,
): SchemaFindings {
  const findings = schemasOf(section, node).map((schema) => check({ node: schema, file: schema.span.path }));
  const diagnostics = findings.flatMap((each) => each.diagnostics);
  for (const key of ["outputSchema", "params"]) {
    const schema = section === "resources" || section === "prompts" ? undefined : child(node, key);
    if (schema) refuseHeaders(schema, diagnostics);
  }
  return { diagnostics, targets: findings.flatMap(({ targets }) => targets) };
}

/** Returns the schemas of an entry: of its input, its output, its variables, and the answers to its questions. */
function schemasOf(section: Section, node: Located): Located[] {
  const own = section === "tools" || section === "resourceTemplates" ? ["inputSchema", "outputSchema", "params"] : [];
  const questions = section === "tools" || section === "prompts" ? child(node, "elicitations") : undefined;
  return [
    ...own.map((key) => child(node, key)),
    ...(questions?.kind === "object" ? questions.members.map((each) => child(each.node, "requestedSchema")) : []),
  ].filter((schema) => schema !== undefined);
}

/** Checks the defaults and examples of an entry by its own schemas. */
export function checkEntryPromises(
  section: Section,
  { node, value }: Declared<JsonObject>,
  reachable: Reachable,
): Diagnostic[] {
  const contained = (schema: Located) => selfContained({ node: schema, file: schema.span.path }, reachable);
  const found = schemasOf(section, node).flatMap((schema) => checkDefaults(contained(schema)));
  if (section !== "tools") return found;
  const [input, output] = [child(node, "inputSchema"), child(node, "outputSchema")];
  const result = output && contained(output);
  if (result && wrapsOutput(result))
    found.push(diagnose("schema/wrapped-output", output.span, { name: String(value["name"]) }));
  const errors = Object.keys((value["errors"] ?? {}) as JsonObject);
  if (input) found.push(...checkExamples(node, { input: contained(input), output: result, errors }));
  return found;
}
