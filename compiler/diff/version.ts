import { levels, type Level } from "./rules.js";

interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

function parsed(text: string | undefined): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(text ?? "");
  return match ? { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) } : undefined;
}

/**
 * Returns the part that a level raises: before 1.0.0, package managers treat a change of the second part as breaking.
 */
function partFor(level: Level, { major }: Version): keyof Version {
  if (level === "major") return major === 0 ? "minor" : "major";
  return level === "minor" && major > 0 ? "minor" : "patch";
}

/** Whether a version is high enough above another for a level. */
export function isSufficient(old: string | undefined, now: string | undefined, level: Level): boolean {
  if (level === "none") return true;
  const [before, after] = [parsed(old), parsed(now)];
  if (!before || !after) return false;
  const parts = ["major", "minor", "patch"] as const;
  const first = parts.findIndex((part) => before[part] !== after[part]);
  if (first === -1 || after[parts[first]!] < before[parts[first]!]) return false;
  return first <= parts.indexOf(partFor(level, before));
}

/** Returns a version with the part raised that a level requires; undefined for a version without three numbers. */
export function raised(old: string, level: Level): string | undefined {
  const version = parsed(old);
  if (!version || level === "none") return version && old;
  const part = partFor(level, version);
  if (part === "major") return `${version.major + 1}.0.0`;
  if (part === "minor") return `${version.major}.${version.minor + 1}.0`;
  return `${version.major}.${version.minor}.${version.patch + 1}`;
}

export function highest(all: readonly Level[]): Level {
  return levels[Math.max(0, ...all.map((level) => levels.indexOf(level)))]!;
}
