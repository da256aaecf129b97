import { expect, test } from "vitest";
import { lockFile } from "../../../compiler/4-emit/lock.js";
import { compileManifests } from "../../../compiler/compile-manifests.js";
import { compareSurfaces } from "../../../compiler/diff/entries.js";
import { fileSide } from "../../../compiler/diff/lists-side.js";
import { projectSide } from "../../../compiler/diff/project-side.js";
import type { Surface } from "../../../compiler/diff/surface.js";
import type { Json, JsonObject } from "../../../compiler/model/source.js";
import { textOf } from "../../house/documents.js";
import { memoryHost } from "../memory-host.js";
import { accessChanges, base, changes, object, reasons } from "./manifest-changes.js";

/** Returns a copy with another value at a path; of a list, the first item is meant. */
function withField(value: Json, [key, ...rest]: readonly string[], field: Json | undefined): Json {
  if (key === undefined) return field!;
  if (Array.isArray(value)) return [withField((value as Json[])[0]!, [key, ...rest], field), ...value.slice(1)];
  const { [key]: before = {}, ...others } = value as JsonObject;
  if (rest.length === 0 && field === undefined) return others;
  return { ...(value as JsonObject), [key]: withField(before, rest, field) };
}

interface Surfaces {
  readonly project: Surface;
  readonly lock: Surface;
}

function surfacesOf(manifest: Json): Surfaces {
  const host = memoryHost({ "a.mcp.json": JSON.stringify(manifest) });
  const { value, diagnostics } = compileManifests(host);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const lock = new TextEncoder().encode(lockFile(value!.server, value!.costs));
  return { project: projectSide(value!, host, "").surface, lock: fileSide("lock.json", lock, () => undefined).surface };
}

test.each(changes.map(([field, old, now, ...expected]) => ({ field, old, now, expected })))(
  "$field from $old to $now",
  ({ field, old, now, expected }) => {
    const [before, after] = [old, now].map((value) => surfacesOf(withField(base, field.split("."), value)));
    const compared = (one: Surface, other: Surface): string[] =>
      compareSurfaces(one, other).map(({ rule, entry, at }) => [rule, entry, ...at].join(" "));
    expect(compared(before!.project, after!.project)).toEqual(expected);
    // A lock file holds all that a project holds.
    for (const one of ["project", "lock"] as const) expect(compared(before![one], after!.lock)).toEqual(expected);
    expect(compared(before!.project, before!.lock)).toEqual([]);
  },
);

/** Manifests with two tools, where the scopes that others include decide who may use them. */
const scoped = (includes: JsonObject): Json =>
  withField(
    { ...base, tools: ["a", "b"].map((name) => ({ name, inputSchema: object({}), scopes: [name, `${name}2`] })) },
    ["runtime", "auth"],
    {
      bearer: {},
      includes,
    },
  );

test.each(accessChanges)("%s", (_name, old, now, expected) => {
  const [before, after] = [surfacesOf(scoped(old)), surfacesOf(scoped(now))];
  for (const one of ["project", "lock"] as const)
    expect(compareSurfaces(before[one], after[one]).map(({ rule, entry }) => `${rule} ${entry}`)).toEqual(expected);
});

test("every field of the manifest has a row or a reason", () => {
  const schema = JSON.parse(textOf("mcp.schema.json"));
  const definition: Readonly<Record<string, { properties: object }>> = {
    server: schema.properties.server,
    tools: schema.$defs.tool,
    resources: schema.$defs.resource,
    resourceTemplates: schema.$defs.resourceTemplate,
    prompts: schema.$defs.prompt,
    runtime: schema.$defs.runtime,
    build: schema.$defs.build,
  };
  const fields = Object.entries(definition).flatMap(([name, { properties }]) =>
    Object.keys(properties).map((field) => `${name}.${field}`),
  );
  const known = [...changes.map(([field]) => field.split(".").slice(0, 2).join(".")), ...Object.keys(reasons)];
  expect([...new Set(known)].sort()).toEqual(fields.sort());
  expect(Object.keys(reasons).filter((field) => changes.some(([changed]) => changed === field))).toEqual([]);
});
