import { diagnose, respell, type Diagnostic } from "../diagnostics/diagnostic.js";
import { certainKey, nearest } from "../diagnostics/suggest.js";
import { child } from "../json-schema/pointer.js";
import { parseUriTemplate, templateVariables } from "@mcpc/runtime/codegen/v1/uri-templates";
import type { Declared } from "../model/project.js";
import type { JsonObject, LocatedObject } from "../model/source.js";
import { ambiguousPair, listsOfItems } from "./templates.js";

const sources = ["text", "json", "blob", "file", "handler", "upstream"];

/** Checks the rules of a resource beyond its shape. */
export function checkResource(resource: Declared<JsonObject>, diagnostics: Diagnostic[]): void {
  const { node, span, value } = resource;
  const uri = value["uri"] as string;
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(uri)) diagnostics.push(diagnose("resource/invalid-uri", span, { uri }));
  const used = node.kind === "object" ? node.members.filter(({ key }) => sources.includes(key)) : [];
  const second = used[1];
  if (second) {
    const parameters = { what: "resource", sources: used.map(({ key }) => key) };
    diagnostics.push(diagnose("manifest/several-sources", second.keySpan, parameters));
  }
  const blob = child(node, "blob");
  if (blob && !isBase64(String(blob.value))) diagnostics.push(diagnose("resource/invalid-blob", blob.span, {}));
}

/** Whether a text is base64 with padding (RFC 4648, section 4). */
export function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
}

/** Checks that the template parses, and that `params` describes its variables. */
export function checkResourceTemplate(entry: Declared<JsonObject>, diagnostics: Diagnostic[]): void {
  const template = entry.value["uriTemplate"] as string;
  const parsed = parseUriTemplate(template);
  if ("error" in parsed) {
    diagnostics.push(diagnose("template/invalid", entry.span, { template, reason: parsed.error }));
    return;
  }
  const { span } = child(entry.node, "uriTemplate") ?? entry;
  const pair = ambiguousPair(parsed.template);
  if (pair !== undefined)
    diagnostics.push(diagnose("template/ambiguous", span, { template, first: pair[0], second: pair[1] }));
  for (const variable of listsOfItems(parsed.template)) diagnostics.push(diagnose("template/list", span, { variable }));
  const variables = templateVariables(parsed.template);
  const params = child(entry.node, "params");
  for (const named of [child(entry.node, "complete"), params && child(params, "properties")])
    if (named?.kind === "object") checkVariables(named, variables, diagnostics);
}

function checkVariables({ members, value }: LocatedObject, variables: readonly string[], found: Diagnostic[]): void {
  for (const { key, keySpan } of members) {
    if (variables.includes(key)) continue;
    const parameters = { variable: key, suggestion: nearest(key, variables) };
    const fix = respell(keySpan, certainKey(key, Object.keys(value), variables));
    found.push(diagnose("template/unknown-variable", keySpan, parameters, [], fix));
  }
}
