import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { placeBelow, type Place } from "../json-schema/resource.js";
import { enter, follow, referencesOf, type Reference, type Scope } from "../json-schema/scope.js";
import { heldSchemas } from "../json-schema/walk.js";
import type { Located } from "../model/source.js";
import type { Reachable } from "../model/schema.js";

/** Keywords whose subschemas apply to the same value as the schema itself. */
const inPlace: ReadonlySet<string> = new Set([
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependentSchemas",
  "dependencies",
]);

/** Limit of dynamic scopes of a schema, more than real schemas have. */
const maxScopes = 200;

/** Limit of schema visits to validate one value. This many take some 50 milliseconds. */
const maxVisits = 100_000;

/** A schema in a dynamic scope, reached directly or by a reference. */
interface Step {
  readonly place: Place;
  readonly scope: Scope;
  readonly reference?: Reference;
}

/** Number of schema visits that each finished schema may cause, by its dynamic scopes. */
export type KnownWays = Map<Located, Map<string, number>>;

/**
 * Reports references that lead back to their own schema without a step into the value: validation would never end. Also
 * reports schemas with too many dynamic scopes to follow. Also reports schemas that reach the same subschemas by so
 * many paths that one value could take minutes.
 */
export function circles(start: Place, reachable: Reachable, ways: KnownWays): Diagnostic[] {
  const found: Diagnostic[] = [];
  const done = (step: Step): Map<string, number> => {
    let scopes = ways.get(step.place.node);
    if (!scopes) ways.set(step.place.node, (scopes = new Map()));
    return scopes;
  };
  const pending: Step[] = [{ place: start, scope: enter(start.resource) }];
  for (let first = pending.pop(); first; first = pending.pop()) {
    if (first.place.node.kind !== "object") continue;
    const way: { readonly step: Step; readonly rest: Step[]; visits: number; isReported?: true }[] = [];
    const open = new Map<Located, Set<string>>();
    const begin = (step: Step): void => {
      const scopes = done(step);
      const visits = scopes.get(step.scope.key);
      if (visits !== undefined) return count(visits);
      if (scopes.size >= maxScopes) {
        const { reference } = step;
        if (reference && found.length === 0)
          found.push(diagnose("reference/too-dynamic", reference.span, { reference: reference.written }));
        return;
      }
      open.set(step.place.node, new Set([...(open.get(step.place.node) ?? []), step.scope.key]));
      way.push({ step, rest: stepsFrom(step, reachable, inPlace), visits: 1 });
    };
    /** Adds a schema's visits to those of the schema that leads to it. */
    const count = (visits: number): void => {
      const caller = way.at(-1);
      if (!caller) return;
      caller.visits += visits;
      if (visits > maxVisits) caller.isReported = true;
    };
    begin(first);
    for (let here = way.at(-1); here; here = way.at(-1)) {
      const next = here.rest.pop();
      if (!next) {
        const { place, scope } = here.step;
        const { visits } = here;
        done(here.step).set(scope.key, visits);
        open.get(place.node)!.delete(scope.key);
        if (visits > maxVisits && !here.isReported) found.push(diagnose("schema/runaway-union", place.node.span, {}));
        pending.push(...stepsFrom(here.step, reachable).filter((step) => !done(step).has(step.scope.key)));
        way.pop();
        count(visits);
      } else if (!open.get(next.place.node)?.has(next.scope.key)) begin(next);
      else {
        const last = [...way.map(({ step }) => step), next].findLast(({ reference }) => reference)?.reference;
        if (last) found.push(diagnose("reference/circular", last.span, { reference: last.written }));
      }
    }
  }
  return found;
}

/** Returns the subschemas of a schema, under all keywords or under some, and the schemas that it refers to. */
function stepsFrom({ place, scope }: Step, reachable: Reachable, only?: ReadonlySet<string>): Step[] {
  if (place.node.kind !== "object") return [];
  const held = [...heldSchemas(place.node, only)].map((node): Step => {
    const below = placeBelow(place, node);
    return { place: below, scope: below.resource === place.resource ? scope : enter(below.resource, scope) };
  });
  const referred = referencesOf(place).flatMap((reference): Step[] => {
    const target = follow(reference, place.resource, scope, reachable);
    if ("failure" in target) return [];
    return [{ place: target.place, scope: enter(target.place.resource, scope), reference }];
  });
  return [...held, ...referred];
}
