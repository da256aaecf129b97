import { printable } from "../diagnostics/printable.js";
import type { SurfaceChange } from "./change.js";
import { wantedVersion, type SurfaceComparison } from "./comparison.js";

const headings = [
  ["Breaking", (change: SurfaceChange) => change.level === "major"],
  ["Added and changed", (change: SurfaceChange) => change.level === "minor"],
  ["Words", (change: SurfaceChange) => change.level === "patch"],
] as const;

/** Prints a changelog entry in Markdown: breaking changes, additions, and changes of wording. */
export function changelog(comparison: SurfaceComparison): string {
  const { changes, sufficient, new: now } = comparison;
  const version = (sufficient ? now.surface.version : wantedVersion(comparison)) ?? now.surface.version ?? "Unreleased";
  const parts = headings.flatMap(([heading, belongs]) => {
    const lines = changes.filter(belongs).map(line);
    return lines.length === 0 ? [] : [`### ${heading}\n\n${lines.join("")}`];
  });
  return [`## ${version}\n`, ...(parts.length === 0 ? ["No changes.\n"] : parts)].join("\n");
}

function line({ entry, message, witness }: SurfaceChange): string {
  const example = witness === undefined ? "" : `: ${code(JSON.stringify(witness))}`;
  return `- ${code(entry)}: ${escaped(message)}${example}\n`;
}

/** Returns text between as many backquotes as necessary. */
function code(text: string): string {
  const shown = printable(text);
  const fence = "`".repeat(Math.max(0, ...(shown.match(/`+/g) ?? []).map((each) => each.length)) + 1);
  return shown.startsWith("`") || shown.endsWith("`") ? `${fence} ${shown} ${fence}` : `${fence}${shown}${fence}`;
}

function escaped(text: string): string {
  return printable(text).replace(/[\\`*_{}[\]<>|~]/g, "\\$&");
}
