import type { JsonSchema } from "../model/schema.js";
import type { Loss } from "../model/projection.js";
import type { Json, JsonObject } from "../model/source.js";
import { withRules } from "./phrases.js";
import { profiles, type ProjectionRules, type ProfileName } from "./profiles.js";
import { projectSchema } from "./project-schema.js";

export type { ProfileName } from "./profiles.js";

export interface ProjectedListing {
  readonly listing: JsonObject;
  readonly losses: readonly Loss[];
}

/** A tool's entry in `tools/list`, and its schemas in plain words. */
export interface ListedTool {
  readonly listing: JsonObject;
  readonly input: JsonSchema;
  readonly output?: JsonSchema;
}

/**
 * Returns the entry that clients of a profile see; `undefined` if the profile takes the author's. Schemas accept every
 * value that the author's accept. Rules that they no longer state are in descriptions: those of the root of the input in
 * the description of the tool, which every client shows to the model.
 */
export function projectTool({ listing, input, output }: ListedTool, name: ProfileName): ProjectedListing | undefined {
  const profile: ProjectionRules = profiles[name];
  const projectedInput = projectSchema(input, profile);
  const projectedOutput = output === undefined ? undefined : projectSchema(output, profile.output ?? profile);
  const inputSchema = projectedInput.schema as Json;
  const outputSchema = projectedOutput && withRootRules(projectedOutput.schema, rootRules(projectedOutput.losses));
  const isSame = (key: string, schema: Json | undefined): boolean =>
    JSON.stringify(listing[key]) === JSON.stringify(schema);
  if (isSame("inputSchema", inputSchema) && isSame("outputSchema", outputSchema)) return undefined;
  const rules = rootRules(projectedInput.losses);
  const losses = [
    ...below("/inputSchema", projectedInput.losses),
    ...below("/outputSchema", projectedOutput?.losses ?? []),
  ];
  const projected: Record<string, Json> = { ...listing, inputSchema };
  if (outputSchema !== undefined) projected["outputSchema"] = outputSchema;
  if (rules.length > 0) projected["description"] = withRules(listing["description"], rules);
  return { listing: projected, losses };
}

function rootRules(losses: readonly Loss[]): string[] {
  return losses.filter(({ at }) => at === "").map(({ rule }) => rule);
}

function withRootRules(schema: JsonSchema, rules: readonly string[]): Json {
  if (rules.length === 0 || typeof schema === "boolean") return schema;
  return { ...schema, description: withRules(schema["description"], rules) };
}

function below(member: string, losses: readonly Loss[]): Loss[] {
  return losses.map(({ at, rule }) => ({ at: member + at, rule }));
}
