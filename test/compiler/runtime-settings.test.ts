import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compileManifests } from "../../compiler/compile-manifests.js";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import { memoryHost } from "./memory-host.js";

const root = join(import.meta.dirname, "..", "..");
/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- a JSON Schema, walked by its keywords */
type Schema = any;
const language: Schema = JSON.parse(readFileSync(join(root, "mcp.schema.json"), "utf8"));
const reference = readFileSync(join(root, "docs", "manifest.md"), "utf8");

const resolved = (node: Schema): Schema =>
  node.$ref === undefined ? node : { ...language.$defs[node.$ref.replace("#/$defs/", "")], ...node };

interface Setting {
  readonly path: readonly string[];
  readonly schema: Schema;
}

/** Every field of the section, and of what stands below it. */
function settings(declared: Schema, path: readonly string[]): Setting[] {
  return Object.entries(resolved(declared).properties ?? {}).flatMap(([name, schema]) => [
    { path: [...path, name], schema: resolved(schema) },
    ...settings(schema, [...path, name]),
  ]);
}

const typeOf = (value: unknown): string =>
  Array.isArray(value) ? "array" : value === null ? "null" : Number.isInteger(value) ? "integer" : typeof value;

/** Something of a type that the setting does not take. */
function wrong({ type, enum: allowed }: Schema): unknown {
  const types: string[] = [type ?? (allowed as unknown[]).map(typeOf)].flat();
  return [7, "wrong", true, ["wrong"], { wrong: 7 }].find((value) => !types.includes(typeOf(value)));
}

const section = language.properties.runtime;
// A schema of the user's stands below `config`, whose own fields are those of JSON Schema.
const all = settings(section, ["runtime"]).filter(({ path }) => path[1] !== "config" || path.length === 2);

function diagnosticsOf(path: readonly string[], value: unknown): { diagnostics: readonly Diagnostic[]; text: string } {
  const server = { name: "made", version: "1.0.0" };
  const manifest = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
  const text = JSON.stringify({ server, ...(manifest as object) }, undefined, 2);
  const host = memoryHost({ "a.mcp.json": text });
  return { diagnostics: compileManifests(host).diagnostics, text };
}

test("the walk finds the settings", () => {
  const names = all.map(({ path }) => path.join("."));
  expect(names.length).toBeGreaterThan(50);
  for (const name of ["transports.http.port", "auth.oauth.introspection.clientId", "limits.rate.perMinute", "hooks"])
    expect(names).toContain(`runtime.${name}`);
});

test.each(all.map(({ path, schema }) => [path.join("."), path, schema] as const))(
  "%s: one of a wrong type is told at its place, in words",
  (name, path, schema) => {
    const value = wrong(schema);
    const { diagnostics, text } = diagnosticsOf(path, value);
    const written = JSON.stringify(value);
    const told = diagnostics.filter(({ span, severity }) => {
      if (span === undefined || severity !== "error") return false;
      return (
        JSON.stringify(evaluated(text.slice(span.start, span.end))) === written || inside(text, span, path.at(-1)!)
      );
    });
    expect(told, `${name} = ${written}: ${diagnostics.map(({ message }) => message).join("; ")}`).not.toEqual([]);
    for (const { message } of told) expect(message.length).toBeGreaterThan(10);
  },
);

function evaluated(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A key that names the field, or something within its value. */
function inside(text: string, { start }: { readonly start: number }, name: string): boolean {
  const at = text.lastIndexOf(`"${name}":`, start + name.length + 3);
  return at !== -1 && start >= at;
}

test.each(all.map(({ path }) => [path.join("."), path] as const))("%s is in the reference", (_name, path) => {
  const heading = `### \`${path.slice(0, -1).join(".")}\``;
  const own = path.length === 2 ? reference.indexOf("## `runtime`\n") : reference.indexOf(`${heading}\n`);
  // What all values from the environment have in common is described once.
  const at = own === -1 && path.at(-1) === "env" ? reference.indexOf("## `variable`\n") : own;
  expect(at, heading).not.toBe(-1);
  const table = reference.slice(at + 3, reference.indexOf("\n##", at + 3));
  expect(table).toMatch(new RegExp(`^\\| \\[?\`${path.at(-1)}\``, "m"));
});
