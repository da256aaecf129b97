import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { certain, nearest } from "../diagnostics/suggest.js";
import { child } from "../json-schema/pointer.js";
import { lookalikes, placeholdersIn, splitText, unclosed, type Placeholder } from "../json-schema/placeholders.js";
import type { Declared } from "../model/project.js";
import type { Json, JsonObject, Located } from "../model/source.js";
import { isBase64 } from "./resources.js";
import type { TextPart } from "./text-part.js";
import { checkElicitations } from "./tools.js";

/** Checks the arguments of a prompt and the variables of its messages. */
export function checkPrompt(prompt: Declared<JsonObject>, part: TextPart, diagnostics: Diagnostic[]): void {
  const { node } = prompt;
  const list = child(node, "arguments");
  const declared = list?.kind === "array" ? list.items : [];
  const names = new Map<string, Located>();
  for (const argument of declared) {
    const name = child(argument, "name")!;
    const earlier = names.get(String(name.value));
    if (earlier) {
      const related = [{ span: earlier.span, message: "first here" }];
      diagnostics.push(diagnose("name/duplicate", name.span, { kind: "argument", name: String(name.value) }, related));
    } else names.set(String(name.value), name);
    checkDefault(argument, String(name.value), diagnostics);
  }
  checkElicitations(node, part, diagnostics);
  const messages = child(node, "messages");
  if (!messages) return;
  if (child(node, "handler")) {
    const span = child(node, "handler")!.span;
    diagnostics.push(diagnose("manifest/several-sources", span, { what: "prompt", sources: ["messages", "handler"] }));
  }
  if (messages.kind === "array") for (const message of messages.items) checkData(message, diagnostics);
  const used = new Set<string>();
  for (const text of texts(messages)) {
    for (const { name: variable, at } of promptVariables(String(text.value))) {
      used.add(variable);
      if (names.has(variable)) continue;
      const parameters = { variable, suggestion: nearest(variable, names.keys()) };
      // The suggested argument counts as used, which avoids a second warning.
      if (parameters.suggestion !== undefined) used.add(parameters.suggestion);
      const span = part(text.span, at, at + variable.length);
      const meant = certain(variable, names.keys());
      const fix = meant === undefined ? undefined : { span, text: JSON.stringify(meant).slice(1, -1) };
      diagnostics.push(diagnose("prompt/unknown-variable", span, parameters, [], fix));
    }
    const similar = lookalikes(String(text.value), false).filter(({ name }) => names.has(name));
    const reported = new Set(similar.map(({ at }) => at));
    const open = unclosed(String(text.value)).filter(({ at }) => !reported.has(at));
    for (const { written, name, at } of [...similar, ...open]) {
      // The suggested argument counts as used, which avoids a second warning.
      used.add(name);
      diagnostics.push(diagnose("text/not-a-placeholder", part(text.span, at, at + written.length), { written, name }));
    }
  }
  for (const [argument, name] of names) {
    if (!used.has(argument)) diagnostics.push(diagnose("prompt/unused-argument", name.span, { argument }));
  }
}

/** Checks the bytes of an image, of audio or of a resource, unless they contain arguments. */
function checkData(message: Located, diagnostics: Diagnostic[]): void {
  const content = child(message, "content")!;
  const resource = child(content, "resource");
  const bytes = [
    ["data", child(content, "data")],
    ["blob", resource && child(resource, "blob")],
  ] as const;
  for (const [field, node] of bytes) {
    if (node === undefined || promptVariables(String(node.value)).length > 0 || isBase64(String(node.value))) continue;
    diagnostics.push(diagnose("prompt/invalid-data", node.span, { field }));
  }
}

function checkDefault(argument: Located, name: string, diagnostics: Diagnostic[]): void {
  const preset = child(argument, "default");
  const allowed = child(argument, "enum")?.value as readonly Json[] | undefined;
  if (preset && allowed && !allowed.includes(preset.value))
    diagnostics.push(diagnose("prompt/invalid-default", preset.span, { argument: name, value: String(preset.value) }));
}

function promptVariables(text: string): Placeholder[] {
  return placeholdersIn(splitText(text));
}

function* texts(node: Located): Generator<Located> {
  if (node.kind === "scalar" && typeof node.value === "string") yield node;
  if (node.kind === "array") for (const item of node.items) yield* texts(item);
  if (node.kind === "object") for (const member of node.members) yield* texts(member.node);
}
