import type { Settings } from "../config/settings.js";
import type { Server } from "../protocol/exchange.js";
import { SettingsError, type SettingSources } from "../protocol/hooks.js";
import { printable } from "../protocol/logger.js";
import { standardOutput } from "./standard-output.js";

/** The options of the command line for settings. */
export interface ConfigureOptions {
  /** The path of a JSON file, if any. */
  readonly file: string | undefined;
  /** Prints each setting with its source and ends the process. */
  readonly print: boolean;
}

/** Reads the sources of the settings. Exits after printing them, if requested. */
export async function configure(server: Server, { file, print }: ConfigureOptions): Promise<SettingSources> {
  const sources: SettingSources = { env: process.env, ...(file !== undefined && { file: await readFile(file) }) };
  if (print) await printSettings(server.settings as Settings, sources);
  return sources;
}

async function readFile(path: string): Promise<NonNullable<SettingSources["file"]>> {
  const { readFileSync } = await import("node:fs");
  try {
    return { path, values: JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, "")) as unknown };
  } catch (error) {
    return { path, values: {}, problem: `the configuration file ${path} cannot be read: ${reason(error)}` };
  }
}

/** Returns the reason without the text around the error, which may contain a secret. */
function reason(error: unknown): string {
  if (!(error instanceof SyntaxError)) return (error as Error).message;
  return `it is not JSON${/ at position \d+/.exec(error.message)?.[0] ?? ""}`;
}

async function printSettings(settings: Settings, sources: SettingSources): Promise<never> {
  const { values, origins, problems } = await settings.resolve(sources);
  const rows = settings.declared.map(({ name, env, secret }) => {
    const origin = origins.get(name);
    if (origin === undefined) return [name, "not set", `set ${env}`];
    return [name, secret === true ? "(secret)" : JSON.stringify(values[name]), `from ${origin}`];
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]): string => `${row[0]!.padEnd(widths[0]!)}  ${row[1]!.padEnd(widths[1]!)}  ${row[2]!}\n`;
  standardOutput().write(printable(rows.map(line).join("")));
  if (problems.length > 0) process.stderr.write(`${printable(new SettingsError(problems).message)}\n`);
  process.exit(problems.length > 0 ? 2 : 0);
}
