import { isRefused, wantedVersion, type SurfaceComparison } from "./comparison.js";

/** Returns one sentence about the version: which one the changes require, and which ones the sides have. */
export function conclusion(comparison: SurfaceComparison, strict: boolean): string {
  const { changes, required, sufficient, old } = comparison;
  if (changes.length === 0) return "no changes";
  if (old.surface.isAbsent) return "the project is new";
  const demand = `the changes ask for a ${required} version${versions(comparison)}`;
  if (sufficient) return `${demand}, which is enough`;
  const wanted = wantedVersion(comparison);
  if (wanted === undefined) return demand;
  const isBelowOne = required === "major" && wanted.startsWith("0.");
  const remedy = `raise it to ${wanted}${isBelowOne ? " (before 1.0.0, the second number is the major one)" : ""}`;
  return `${demand}; ${remedy}${isRefused(comparison, strict) ? "" : " when you release"}`;
}

function versions({ old, new: now }: SurfaceComparison): string {
  const [before, after] = [old.surface.version, now.surface.version];
  if (before === undefined && after === undefined) return ", but neither side has a version";
  if (before === undefined) return `: it is ${after}, and the old side has none to compare with`;
  return after === undefined ? `: the new side has none, it was ${before}` : `: it is ${after}, was ${before}`;
}
