import { SettingsError } from "../protocol/hooks.js";
import type { SettingsLoader, SettingSources } from "../protocol/hooks.js";
import { explain } from "../protocol/explain.js";
import { isObject } from "../protocol/json-rpc.js";
import type { ValidationError, Validator } from "../protocol/surface.js";

/** A setting, as the manifest declares it under `runtime.config`. */
export interface Setting {
  readonly name: string;
  /** The name of the environment variable. */
  readonly env: string;
  /** The format of the variable's text; `json` is for lists and objects. */
  readonly type: "string" | "number" | "boolean" | "json";
  /** Whether the value is a secret, which is never printed. */
  readonly secret?: boolean;
  readonly default?: unknown;
}

/** The values of the settings, their origins, and the problems with them. */
export interface Resolution {
  readonly values: Readonly<Record<string, unknown>>;
  /** Origins by setting, for settings with a value. */
  readonly origins: ReadonlyMap<string, string>;
  /** The problems, one sentence each, without any values. */
  readonly problems: readonly string[];
}

export interface Settings extends SettingsLoader {
  readonly declared: readonly Setting[];
  resolve(sources: SettingSources): Promise<Resolution>;
}

/** Creates the settings of a server. Values come from environment variables, else the file, else the defaults. */
export function createSettings(
  declared: readonly Setting[],
  validator: () => Promise<{ readonly settings: Validator }>,
): Settings {
  const resolve = async (sources: SettingSources): Promise<Resolution> => {
    const found = collect(declared, sources);
    const { problem } = sources.file ?? {};
    // Without the file, missing settings cannot be told from those in the file.
    if (problem !== undefined)
      return { values: found.values, origins: found.origins, problems: [problem, ...found.unreadable.values()] };
    const { settings: validate } = await validator();
    const wrong = new Set(found.unreadable.keys());
    const errors = validate(found.values) ? [] : (validate.errors ?? []);
    const problems = [...found.unreadable.values(), ...schemaProblems(errors, declared, found.origins, wrong)];
    return { values: Object.freeze(found.values), origins: found.origins, problems: [...found.unknown, ...problems] };
  };
  return {
    declared,
    resolve,
    load: async (sources) => {
      const { values, problems } = await resolve(sources);
      if (problems.length > 0) throw new SettingsError(problems);
      return values;
    },
    secrets: (config) =>
      declared.flatMap(({ name, secret }) =>
        secret === true ? textsOf((config as Readonly<Record<string, unknown>>)[name]) : [],
      ),
  };
}

/** Returns the texts in a value, which a log may contain separately. Numbers become their text. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

interface CollectedSettings {
  readonly values: Record<string, unknown>;
  readonly origins: Map<string, string>;
  /** Problems of variables whose text has the wrong type, by setting. */
  readonly unreadable: Map<string, string>;
  readonly unknown: readonly string[];
}

function collect(declared: readonly Setting[], { env, file }: SettingSources): CollectedSettings {
  const values: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  const unreadable = new Map<string, string>();
  const written = isObject(file?.values) ? (file.values as Readonly<Record<string, unknown>>) : {};
  const put = (name: string, value: unknown, origin: string): void => {
    // Defines an own property for any name, such as `__proto__`.
    Object.defineProperty(values, name, { value, enumerable: true });
    origins.set(name, origin);
  };
  for (const setting of declared) {
    const { name, env: variable, type } = setting;
    // Files for containers often leave unset variables empty.
    const text = env[variable] === "" ? undefined : env[variable];
    if (text !== undefined) {
      const value = parseText(text, type);
      if (value === undefined) unreadable.set(name, `${variable} must be ${expectedTexts[type]}`);
      else put(name, value, variable);
    } else if (file !== undefined && Object.hasOwn(written, name)) put(name, written[name], file.path);
    else if (setting.default !== undefined) put(name, setting.default, "default");
  }
  const names = new Set(declared.map(({ name }) => name));
  const unknown = Object.keys(written)
    .filter((key) => !names.has(key))
    .map((key) => `${file!.path} has ${JSON.stringify(key)}, which is no setting; there are ${[...names].join(", ")}`);
  if (file !== undefined && !isObject(file.values)) unknown.push(`${file.path} must hold a JSON object`);
  return { values, origins, unreadable, unknown };
}

const expectedTexts = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
  json: "JSON",
} as const satisfies Record<Setting["type"], string>;

/** Parses a text; `undefined` if it has the wrong type. */
function parseText(text: string, type: Setting["type"]): unknown {
  switch (type) {
    case "string":
      return text;
    case "number":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case "boolean":
      return { true: true, "1": true, false: false, "0": false }[text.trim().toLowerCase()];
    case "json":
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return undefined;
      }
  }
}

/** Describes the failures of the schema. Each names the variable that can fix it. */
function schemaProblems(
  errors: readonly ValidationError[],
  declared: readonly Setting[],
  origins: ReadonlyMap<string, string>,
  wrong: ReadonlySet<string>,
): string[] {
  const groups = new Map<string, ValidationError[]>();
  for (const error of errors) {
    const missing = error.instancePath === "" ? error.params["missingProperty"] : undefined;
    const first = (error.instancePath.split("/")[1] ?? "").replaceAll("~1", "/").replaceAll("~0", "~");
    const name = typeof missing === "string" ? missing : first;
    if (!wrong.has(name)) groups.set(name, [...(groups.get(name) ?? []), error]);
  }
  const place = (name: string): number => declared.findIndex((setting) => setting.name === name);
  const inOrder = [...groups].sort(([a], [b]) => place(a) - place(b));
  return inOrder.map(([name, group]) => {
    const setting = declared.find((candidate) => candidate.name === name);
    const text = explain(group, "settings").replace(/^invalid settings: /, "");
    if (setting === undefined) return text;
    const origin = origins.get(name);
    if (origin === undefined) return `${setting.env} is not set: ${JSON.stringify(name)} is required`;
    return `${origin === "default" ? setting.env : origin}: ${text}`;
  });
}
