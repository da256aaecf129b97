import { docComment, importPath, literal, propertyKey, spacedLiteral } from "../4-emit/code.js";
import { isStubFile } from "../4-emit/stubs.js";
import { fingerprint } from "../fingerprint.js";
import { bytesOf, textOf, type Change, type Host } from "../host.js";
import type { Server, Tool } from "../model/server.js";
import type { Json, JsonObject } from "../model/source.js";
import type { ApiTool } from "./openapi/operations.js";

export interface HandlerChanges {
  readonly changes: readonly Change[];
  /** Fingerprints of the texts that imports wrote, by file; for a new file of the user's, of what it would have been. */
  readonly record: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/**
 * Returns the handlers of imported tools that are not there yet, are stubs, or are as the last import wrote them. Any
 * other handler is the user's, and stays.
 */
export function writeHandlers(
  { tools: declared, layout }: Server,
  manifest: string,
  tools: readonly ApiTool[],
  record: Readonly<Record<string, string>>,
  host: Host,
): HandlerChanges {
  const changes: Change[] = [];
  const notes: string[] = [];
  const written: Record<string, string> = {};
  const calls = new Map(tools.map(({ name, call }) => [name, call]));
  for (const tool of declared) {
    const call = tool.span.path === manifest ? calls.get(tool.name) : undefined;
    // A handler that the manifest names belongs to the user.
    if (!call || tool.handler.declared) continue;
    const { file } = tool.handler;
    const text = handlerText(tool, call, `${layout.generated}/types.ts`);
    const next = fingerprint(text);
    const bytes = host.read(file);
    const before = bytes && textOf(bytes);
    const last = Object.hasOwn(record, file) ? record[file] : undefined;
    written[file] = next;
    if (before === text) continue;
    if (before === undefined || isStubFile(before) || fingerprint(before) === last)
      changes.push({ path: file, bytes: bytesOf(text) });
    else if (last === undefined) notes.push(`${file} is not by an import, and stays as it is`);
    else if (last !== next) {
      // The record stays behind, so that the next import says it again.
      written[file] = last;
      notes.push(
        `${file} was changed here, and its call upstream, and stays as it is: compare it with the document: its parameters may differ; delete the file to have it written anew, or name it as "handler" of the tool to keep it`,
      );
    }
  }
  return { changes, record: written, notes };
}

/** Prints the handler of a tool. Everything from the document is in literals, or in a comment. */
function handlerText({ handler, description }: Tool, call: JsonObject, types: string): string {
  return (
    `import { httpCall } from "@mcpc/runtime/http-call";\n` +
    `import type { ${handler.type} } from ${literal(importPath(handler.file, types))};\n\n` +
    docComment([description === undefined ? undefined : firstParagraph(description)]) +
    `export const ${handler.export}: ${handler.type} = httpCall(${printed(call, "")});\n`
  );
}

function firstParagraph(text: string): string {
  return text.split(/\n\s*\n/)[0]!.slice(0, 400);
}

/** Prints JSON as a literal, on several lines where one would be long. */
function printed(value: Json, indentation: string): string {
  const line = spacedLiteral(value);
  if (typeof value !== "object" || value === null || line.length + indentation.length < 100) return line;
  const inner = `${indentation}  `;
  if (Array.isArray(value))
    return `[\n${(value as readonly Json[]).map((item) => `${inner}${printed(item, inner)},\n`).join("")}${indentation}]`;
  const members = Object.entries(value).map(
    ([key, member]) => `${inner}${propertyKey(key)}: ${printed(member as Json, inner)},\n`,
  );
  return `{\n${members.join("")}${indentation}}`;
}
