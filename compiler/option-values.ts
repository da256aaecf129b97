import type { Rename } from "./4-emit/index.js";
import type { Output } from "./command.js";
import { formatNames } from "./diagnostics/report.js";
import { InvalidArgumentError } from "commander";

export function renames(written: string, before: readonly Rename[] = []): Rename[] {
  const [from = "", ...to] = written.split("=");
  if (from === "" || to.join("=") === "") throw new InvalidArgumentError("Write it as OLD=NEW.");
  return [...before, { from, to: to.join("=") }];
}

export function outputs(written: string, before: readonly Output[] = []): Output[] {
  const [name = "", ...rest] = written.split("=");
  const [format, path] = [formatNames.find((known) => known === name), rest.join("=")];
  if (format === undefined || path === "")
    throw new InvalidArgumentError(`Write it as FORMAT=FILE; formats are ${formatNames.join(", ")}.`);
  return [...before, { format, path }];
}

export type Pairs = Readonly<Record<string, string>>;

/** Returns the parser of an option that is a name and a value. */
export function pairs(separator: ":" | "="): (written: string, before?: Pairs) => Pairs {
  return (written, before = {}) => {
    const at = written.indexOf(separator);
    if (at < 1) throw new InvalidArgumentError(`Write it as NAME${separator}VALUE.`);
    return {
      ...before,
      [written.slice(0, at).trim()]: separator === ":" ? written.slice(at + 1).trim() : written.slice(at + 1),
    };
  };
}

export function milliseconds(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a number of milliseconds.");
}
