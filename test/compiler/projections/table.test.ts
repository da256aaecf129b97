import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../../compiler/model/source.js";
import { projectTool, type ProfileName } from "../../../compiler/projections/index.js";
import { profiles } from "../../../compiler/projections/profiles.js";
import { cases } from "./cases.js";

/** Projects a tool with this input schema. */
function projected(inputSchema: JsonObject, profile: ProfileName, outputSchema?: JsonObject) {
  const listing = { name: "search", description: "Searches.", inputSchema, ...(outputSchema && { outputSchema }) };
  return projectTool({ listing, input: inputSchema, ...(outputSchema && { output: outputSchema }) }, profile);
}

describe.each(cases)("$what", ({ schema, projections }) => {
  test.each(Object.entries(projections))("for %s", (profile, expected) => {
    const result = projected(schema, profile as ProfileName);
    if (expected === "as it is") return expect(result).toBeUndefined();
    const { inputSchema, description } = result!.listing as { inputSchema: Json; description: string };
    expect(inputSchema).toEqual(expected.schema);
    expect(description).toBe(expected.description ?? "Searches.");
    expect(result!.losses.map(({ at, rule }) => `${at}: ${rule}`)).toEqual(expected.losses ?? []);
  });
});

test("the manifest language knows these profiles", () => {
  const { $defs } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../mcp.schema.json"), "utf8"));
  expect($defs.build.properties.projections.items.enum).toEqual(Object.keys(profiles));
});
