import { explain, type ValidationError } from "@mcpc/runtime/codegen/v1/explain";
import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { createAjv } from "../json-schema/ajv.js";
import { withoutForeignKeywords } from "../json-schema/foreign.js";
import { child } from "../json-schema/pointer.js";
import { selfContained } from "../json-schema/self-contained.js";
import type { JsonSchema, Reachable } from "../model/schema.js";
import type { SettingsDeclaration } from "../model/project.js";
import type { JsonObject, Located, LocatedObject } from "../model/source.js";

/**
 * Returns the environment variable of each setting: the declared one, or a name made from the server and the setting.
 */
export function settingVariables({ properties }: SettingsDeclaration, server: string): Map<string, string> {
  return new Map(
    Object.entries(properties).map(([name, { env = variable(`${server}_${name}`) }]) => [name, env] as const),
  );
}

/** Converts a name: `apiUrl` of `weather` → `WEATHER_API_URL`. */
function variable(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/[^A-Za-z0-9]+/g, "_");
  return words
    .replace(/^_+|_+$/g, "")
    .replace(/^(?=\d)/, "_")
    .toUpperCase();
}

/** Checks that each variable belongs to one setting, and that each default is valid for its setting. */
export function checkConfig(
  config: Located,
  variables: ReadonlyMap<string, string>,
  reachable: Reachable,
): Diagnostic[] {
  const properties = child(config, "properties");
  if (properties?.kind !== "object") return [];
  return [...sharedVariables(properties, variables), ...wrongDefaults(config, properties, reachable)];
}

function sharedVariables({ members }: LocatedObject, variables: ReadonlyMap<string, string>): Diagnostic[] {
  return members.flatMap(({ key, keySpan }, index) => {
    const env = variables.get(key)!;
    const other = members.slice(0, index).find((each) => variables.get(each.key) === env);
    if (!other) return [];
    const related = [{ span: other.keySpan, message: "first here" }];
    return [diagnose("name/duplicate", keySpan, { kind: "setting", name: env }, related)];
  });
}

function wrongDefaults(config: Located, { members }: LocatedObject, reachable: Reachable): Diagnostic[] {
  const { schema, plain = schema } = selfContained({ node: config, file: config.span.path }, reachable);
  const { required: _, ...optional } = plain as JsonObject;
  const ajv = createAjv("2020-12", { meta: false, validateSchema: false, messages: false });
  const read = withoutForeignKeywords({ ...optional, type: "object", additionalProperties: false });
  const validate = ajv.compile(read as JsonSchema);
  return members.flatMap(({ key, node }) => {
    const preset = child(node, "default");
    if (!preset || validate({ [key]: preset.value })) return [];
    const reason = explain((validate.errors ?? []) as ValidationError[], "default");
    return [diagnose("manifest/invalid-value", preset.span, { reason })];
  });
}
