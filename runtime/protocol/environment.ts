import { loggingLevels, type LoggingLevel } from "./types.js";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the platform's environment variables, if it has any. */
export function environment(): Environment {
  const { process } = globalThis as { process?: { readonly env?: Environment } };
  return process?.env ?? {};
}

/** Returns a variable's text. Empty counts as unset, because files for containers leave unset variables empty. */
export function variable(name: string, from: Environment): string | undefined {
  return from[name] === "" ? undefined : from[name];
}

/** An environment variable that contains a value of the manifest. */
export interface EnvironmentVariable {
  readonly env: string;
}

/** A value of the manifest: a literal, or that of an environment variable. */
export type Value = string | EnvironmentVariable;

/** Returns the value. Adds a problem if its variable is not set. */
export function resolveValue(value: Value, environment: Environment, problems: string[]): string {
  if (typeof value === "string") return value;
  const text = optionalValue(value, environment) ?? "";
  if (text === "") problems.push(`${value.env} is not set`);
  return text;
}

/** Returns the value; `undefined` if its variable is unset or empty. */
export function optionalValue(value: Value | undefined, environment: Environment): string | undefined {
  const text = typeof value === "object" ? environment[value.env]?.trim() : value;
  return text === "" ? undefined : text;
}

/** Parses a log level, or returns the problem. `origin` is the name of its source. */
export function levelOf(text: string, origin: string): { readonly level?: LoggingLevel; readonly problem?: string } {
  const level = loggingLevels.find((known) => known === text);
  if (level !== undefined) return { level };
  return { problem: `${origin}: no log level ${JSON.stringify(text)}; there are ${loggingLevels.join(", ")}` };
}

/** Returns the level in `MCPC_LOG_LEVEL`, if it is set. */
export function levelFrom(environment: Environment): ReturnType<typeof levelOf> {
  const text = variable("MCPC_LOG_LEVEL", environment);
  return text === undefined ? {} : levelOf(text, "MCPC_LOG_LEVEL");
}
