import { addMember, diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { nearest } from "../diagnostics/suggest.js";
import { lookalikes, placeholdersIn, splitDeclaredText, unclosed } from "../json-schema/placeholders.js";
import { child } from "../json-schema/pointer.js";
import type { Declared } from "../model/project.js";
import type { JsonObject, Located, Span } from "../model/source.js";
import { checkHeaders } from "./headers.js";
import type { TextPart } from "./text-part.js";

/** Checks the rules of a tool beyond its shape and its schemas. */
export function checkTool(tool: Declared<JsonObject>, part: TextPart, diagnostics: Diagnostic[]): void {
  const name = tool.value["name"] as string;
  const input = child(tool.node, "inputSchema");
  const type = input && child(input, "type");
  if (input && type?.value !== "object") {
    const what = `the inputSchema of ${JSON.stringify(name)}`;
    const span = type?.span ?? { ...input.span, end: input.span.start + 1 };
    const fix = input.kind === "object" && !type ? addMember(input, "type", "object") : undefined;
    diagnostics.push(diagnose("schema/root-not-object", span, { what }, [], fix));
  }
  if (input) checkHeaders(input, diagnostics);
  const errors = child(tool.node, "errors");
  if (errors?.kind === "object")
    for (const { node } of errors.members) checkPlaceholders(child(node, "message"), part, diagnostics);
  checkElicitations(tool.node, part, diagnostics);
  checkText(tool.node, part, diagnostics);
  const defers = child(tool.node, "deferTask");
  const execution = child(tool.node, "execution");
  const support = execution && child(execution, "taskSupport")?.value;
  if (defers?.value === true && support !== "optional" && support !== "required") {
    const reason = '"deferTask" needs "execution": { "taskSupport": "optional" }, or "required"';
    diagnostics.push(diagnose("manifest/invalid-value", defers.span, { reason }));
  }
}

/** Checks the text beside structured content: it needs an output schema, and a template names properties of that. */
function checkText(tool: Located, part: TextPart, diagnostics: Diagnostic[]): void {
  const text = child(tool, "text");
  const output = child(tool, "outputSchema");
  if (!text) return;
  if (!output) {
    const reason = '"text" is what stands beside structured content, which needs an "outputSchema"';
    diagnostics.push(diagnose("manifest/invalid-value", text.span, { reason }));
    return;
  }
  const template = text.kind === "object" ? child(text, "template") : undefined;
  if (!template) return;
  const properties = child(output, "properties");
  if (properties?.kind !== "object") {
    const reason = 'a template needs an "outputSchema" with "properties" of its own';
    diagnostics.push(diagnose("manifest/invalid-value", template.span, { reason }));
    return;
  }
  checkPlaceholders(template, part, diagnostics);
  const names = properties.members.map(({ key }) => key);
  for (const { name, at } of placeholdersIn(splitDeclaredText(String(template.value))))
    if (/^[A-Za-z_]\w*$/.test(name) && !names.includes(name))
      diagnostics.push(
        diagnose("text/unknown-property", part(template.span, at, at + name.length), {
          property: name,
          suggestion: nearest(name, names),
        }),
      );
}

/** Checks the questions of a tool or a prompt: each is a form or a page, and its placeholders are valid names. */
export function checkElicitations(entry: Located, part: TextPart, diagnostics: Diagnostic[]): void {
  const questions = child(entry, "elicitations");
  if (questions?.kind !== "object") return;
  for (const { keySpan, node } of questions.members) {
    const [form, page] = [child(node, "requestedSchema"), child(node, "url")];
    if (form && page) {
      const parameters = { what: "question", sources: ["requestedSchema", "url"] };
      diagnostics.push(diagnose("manifest/several-sources", page.span, parameters));
    } else if (!form && !page) {
      const parameters = { property: "requestedSchema", what: "a question without a url" };
      diagnostics.push(diagnose("manifest/missing-property", keySpan, parameters));
    }
    checkPlaceholders(child(node, "message"), part, diagnostics);
    checkPlaceholders(page, part, diagnostics);
  }
}

function checkPlaceholders(message: Located | undefined, part: TextPart, diagnostics: Diagnostic[]): void {
  if (!message) return;
  const text = String(message.value);
  const place = (at: number, length: number): Span => part(message.span, at, at + length);
  const isName = ({ name }: { readonly name: string }): boolean => /^[A-Za-z_]\w*$/.test(name);
  const wrong = placeholdersIn(splitDeclaredText(text)).filter((placeholder) => !isName(placeholder));
  for (const { name, at } of wrong)
    diagnostics.push(diagnose("error/invalid-placeholder", place(at, name.length), { placeholder: name }));
  const similar = lookalikes(text, true).filter(isName);
  const reported = new Set(similar.map(({ at }) => at));
  for (const { written, name, at } of [...similar, ...unclosed(text).filter((each) => !reported.has(each.at))])
    diagnostics.push(diagnose("text/not-a-placeholder", place(at, written.length), { written, name }));
}
