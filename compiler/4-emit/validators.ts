import { _ } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import { diagnose, type Result } from "../diagnostics/diagnostic.js";
import { createAjv, lean } from "../json-schema/ajv.js";
import { withoutForeignKeywords } from "../json-schema/foreign.js";
import { withoutAnnotations } from "../json-schema/without-annotations.js";
import { pointerTokens } from "../json-schema/pointer.js";
import type { JsonSchema } from "../model/schema.js";
import type { Schema } from "../model/server.js";
import { literal } from "./code.js";
import { fillingCode } from "./filling.js";
import { leanCode, quoted } from "./lean-code.js";
import type { ValidatorModule } from "./validator-modules.js";

const library = "@mcpc/runtime/codegen/v1/validation";

/** Pattern of a comment with a schema's `$id`, which could contain the end of the comment. */
const sourceUrl = /^\/\*# sourceURL=.*\*\/;\n/gm;
const quotedAsKey = new RegExp(`(?:${quoted.source})(?::(?=\\S))?`, quoted.flags);

/** Prints ajv's standalone code as an ES module that imports only the runtime. */
export function printValidators({ schemas, answers, filling, span }: ValidatorModule): Result<string> {
  const names = Object.keys(schemas);
  const code: string[] = [];
  try {
    const scoped = names.length + answers.length > 1;
    for (const name of names) code.push(compile(name, schemas[name]!, scoped));
    for (const [index, [, schema]] of answers.entries())
      code.push(compile(`answer${index}`, schema, true).replace(/^export /, ""));
    if (answers.length > 0) {
      const members = answers.map(([name], index) => `  [${literal(name)}]: answer${index},\n`);
      code.push(`export const answers: AnswerValidators = {\n${members.join("")}};`);
    }
    if (filling) code.push(fillingCode(filling));
  } catch (error) {
    return { diagnostics: [diagnose("schema/invalid", span, { reason: (error as Error).message })] };
  }
  return { value: modularize(code.join("\n")), diagnostics: [] };
}

function compile(name: string, schema: Schema, scoped: boolean): string {
  const compiled = withoutForeignKeywords(withoutAnnotations(schema.plain ?? schema.schema)) as JsonSchema;
  // The function is never called here, so its code needs no compilation.
  const process = (): string => "return () => true";
  const options = { source: true, esm: true, lines: true, formats: _`formats`, process };
  const ajv = lean(
    createAjv("2020-12", { meta: false, validateSchema: false, messages: false, code: options }),
    compiled,
  );
  const validate = ajv.compile(compiled);
  const written = standalone
    .default(ajv, validate)
    .replace(/^"use strict";\s*/, "")
    .replace(sourceUrl, "");
  // Without annotations, TypeScript would infer types from all of the code, and overflow its stack.
  const text = leanCode(withSecrets(written, compiled)).replace(/^(function validate\d+\(.*\))\{$/gm, "$1: any {");
  const declaration = `export const ${name}: Validator`;
  const exported = /^export const validate = (validate\d+);\s*export default \1;\s*/m;
  if (!exported.test(text)) throw new Error("ajv's standalone code has another shape than expected");
  if (!scoped) return text.replace(exported, (_match, local: string) => `${declaration} = ${local};\n`);
  const [, local] = exported.exec(text)!;
  // ajv numbers names from the start for each schema, so two schemas of one module need separate scopes.
  return `${declaration} = (() => {\n${text.replace(exported, "")}\nreturn ${local};\n})();`;
}

/**
 * Marks the failure of a choice as hidden where the schema marks the value as secret. Other failures report the actual
 * value.
 */
function withSecrets(code: string, schema: JsonSchema): string {
  return code.replace(/schemaPath:("#(?:[^"\\]|\\.)*"),keyword:"(?:enum|const)",params:\{/g, (text, path: string) => {
    const tokens = pointerTokens(decodeURIComponent(JSON.parse(path) as string)).slice(0, -1);
    const { writeOnly, format } = (tokens.reduce<unknown>(
      (node, token) => (node as Record<string, unknown> | undefined)?.[token],
      schema,
    ) ?? {}) as Record<string, unknown>;
    return writeOnly === true || format === "password" ? `${text}hidden:true,` : text;
  });
}

/** Turns `require` calls of ajv's code into imports. */
function modularize(code: string): string {
  const imports = new Set<string>();
  const body = code
    // In an object literal, `"__proto__": x` would set the prototype; a computed key does not.
    .replace(quotedAsKey, (text) => (text === '"__proto__":' ? '["__proto__"]:' : text))
    .replace(/= require\("ajv\/dist\/runtime\/(equal|ucs2length)"\)\.default;/g, (_match, name: string) => {
      imports.add(name);
      return `= ${name};`;
    })
    .replace(/= formats(?:\.([A-Za-z_]\w*)|\["([\w-]+)"\]);/g, (_match, plain?: string, quoted?: string) => {
      const name = `${(plain ?? quoted)!.replaceAll("-", "_")}_format`;
      imports.add(name);
      return `= ${name};`;
    });
  const outsideStrings = body.replace(quoted, '""');
  for (const [, name] of outsideStrings.matchAll(
    /^(?:\S+|const func\d+) = (failed|failures|firstFailures|isMultipleOf|joined|member|repeatedItems|typeOf)\b/gm,
  ))
    imports.add(name!);
  if (outsideStrings.includes("remembering(")) imports.add("remembering");
  if (/\bvErrors\.|\brequire\(|\beval\(|\bnew Function\b|\/\*/.test(outsideStrings))
    throw new Error("a validator would need code that is not emitted");
  const types = ["AnswerValidators", "Fill", "Validator"].filter((name) => outsideStrings.includes(`: ${name} = `));
  const names = [...[...imports].sort(), ...types.map((name) => `type ${name}`)];
  return `// @ts-nocheck\nimport { ${names.join(", ")} } from ${JSON.stringify(library)};\n${body}\n`;
}
