import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import type { SurfaceChange } from "../diff/change.js";
import { compareSurfaces, nouns } from "../diff/entries.js";
import type { Side } from "../diff/surface.js";
import { pointer } from "../json-schema/pointer.js";
import type { Json } from "../model/source.js";

/** Returns a diagnostic for each difference, at the place of the manifest. */
export function driftBetween(manifest: Side, target: Side): Diagnostic[] {
  const changes = compareSurfaces(manifest.surface, target.surface);
  return [...versionDrift(manifest, target), ...changes.map((change) => describe(change, manifest))];
}

function versionDrift(manifest: Side, target: Side): Diagnostic[] {
  const [expected, found] = [manifest.surface.version, target.surface.version];
  if (expected === undefined || found === undefined || expected === found) return [];
  const parameters = {
    entry: "server",
    at: "version",
    target: JSON.stringify(found),
    manifest: JSON.stringify(expected),
  };
  return [diagnose("drift/different", manifest.spanOf(undefined, ["version"]), parameters)];
}

function describe(change: SurfaceChange, manifest: Side): Diagnostic {
  const { rule, entry, at, place } = change;
  const name = place.entry?.name ?? "";
  const noun = place.entry ? nouns[place.entry.section] : "server";
  if (rule === "entry/added") return diagnose("drift/undeclared", manifest.spanOf(undefined, []), { noun, name });
  // The entry of a change may be the target's, which is at another place in its list.
  const declared = manifest.surface.entries.find((each) => each.section === place.entry?.section && each.name === name);
  const span = place.entry && !declared ? undefined : manifest.spanOf(declared, at);
  if (rule === "entry/removed" || rule === "entry/renamed") {
    const other = rule === "entry/renamed" ? String(change.new) : undefined;
    return diagnose("drift/missing", span, { noun, name, other, scopes: declared?.contract?.scopes ?? [] });
  }
  const shown = pointer(at).slice(1);
  if (rule === "schema/rewritten") return diagnose("drift/rewritten", span, { entry, at: shown });
  return diagnose("drift/different", span, { entry, at: shown, ...values(change), evidence: evidence(change) });
}

function values({ at, old, new: now }: SurfaceChange): { readonly manifest: string; readonly target: string } {
  // A change of required properties has the name of one.
  if (at.at(-1) === "required" && !Array.isArray(old ?? now))
    return old === undefined
      ? { manifest: `without ${excerpt(now)}`, target: `with ${excerpt(now)}` }
      : { manifest: `with ${excerpt(old)}`, target: `without ${excerpt(old)}` };
  if (typeof old !== "string" || typeof now !== "string") return { manifest: excerpt(old), target: excerpt(now) };
  let from = 0;
  while (from < old.length && old[from] === now[from]) from++;
  // Long texts are shown from where they begin to differ.
  const start = Math.max(old.length, now.length) > maxShown ? Math.max(0, from - 10) : 0;
  const part = (text: string): string => (start > 0 ? excerpt(`…${text.slice(start)}`) : excerpt(text));
  return { manifest: part(old), target: part(now) };
}

const maxShown = 60;

function excerpt(value: Json | undefined): string {
  if (value === undefined) return "absent";
  if (typeof value === "string" && value.length > maxShown) return JSON.stringify(`${value.slice(0, maxShown)}…`);
  const text = JSON.stringify(value);
  return text.length > 2 * maxShown ? `${text.slice(0, 2 * maxShown)}…` : text;
}

function evidence({ rule, witness }: SurfaceChange): string {
  if (witness === undefined) return "";
  const what =
    rule === "output/widened"
      ? "a result that only the target allows"
      : "arguments that the manifest allows and the target refuses";
  return `; ${what}: ${excerpt(witness)}`;
}
