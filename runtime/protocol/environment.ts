import { loggingLevels, type LoggingLevel } from "./types.js";

/** Values by the name of their variable. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The platform's environment variables; none where it has no such thing. */
export function environment(): Environment {
  const { process } = globalThis as { process?: { readonly env?: Environment } };
  return process?.env ?? {};
}

/** A variable's text; an empty one is what a container's file leaves where nothing is set. */
export function variable(name: string, from: Environment): string | undefined {
  return from[name] === "" ? undefined : from[name];
}

/** An environment variable that holds a value of the manifest. */
export interface EnvironmentVariable {
  readonly env: string;
}

/** A value of the manifest: written there, or the value of an environment variable. */
export type Value = string | EnvironmentVariable;

/** The value, or a problem added to the others. */
export function resolveValue(value: Value, environment: Environment, problems: string[]): string {
  if (typeof value === "string") return value;
  const text = optionalValue(value, environment) ?? "";
  if (text === "") problems.push(`${value.env} is not set`);
  return text;
}

/** The value, if there is one: a variable that is not set, or empty, has none. */
export function optionalValue(value: Value | undefined, environment: Environment): string | undefined {
  const text = typeof value === "object" ? environment[value.env]?.trim() : value;
  return text === "" ? undefined : text;
}

/** A level by its name, or what is wrong with the name; `origin` is who says it. */
export function levelOf(text: string, origin: string): { readonly level?: LoggingLevel; readonly problem?: string } {
  const level = loggingLevels.find((known) => known === text);
  if (level !== undefined) return { level };
  return { problem: `${origin}: no log level ${JSON.stringify(text)}; there are ${loggingLevels.join(", ")}` };
}

/** The level that `MCPC_LOG_LEVEL` asks for, if it asks. */
export function levelFrom(environment: Environment): ReturnType<typeof levelOf> {
  const text = variable("MCPC_LOG_LEVEL", environment);
  return text === undefined ? {} : levelOf(text, "MCPC_LOG_LEVEL");
}
