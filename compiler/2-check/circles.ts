import { diagnose, type Diagnostic } from "../diagnostics/diagnostic.js";
import { child } from "../json-schema/pointer.js";
import { resolve, type Reachable, type SchemaRoot } from "../json-schema/resolve.js";
import { subschemas } from "../json-schema/walk.js";
import type { Located, Span } from "../model/source.js";

/** Keywords whose schemas look at the same value as the schema they stand in. */
const inPlace = ["allOf", "anyOf", "oneOf", "not", "if"];

/** One step from a schema to another that looks at the same value. */
interface Step {
  readonly node: Located;
  /** What `#` means there. */
  readonly root: SchemaRoot;
  readonly reference?: { readonly written: string; readonly span: Span };
}

/**
 * References that lead back to where they stand without a step into the value: checking one would never end. `done` are
 * schemas whose ways are known.
 */
export function circles(root: SchemaRoot, start: Located, reachable: Reachable, done: Set<Located>): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const node of subschemas(start)) {
    const way: { readonly step: Step; readonly rest: Step[] }[] = [];
    const open = new Set<Located>();
    const enter = (step: Step): void => {
      if (done.has(step.node)) return;
      open.add(step.node);
      way.push({ step, rest: stepsFrom(step, reachable) });
    };
    enter({ node, root });
    for (let here = way.at(-1); here; here = way.at(-1)) {
      const next = here.rest.pop();
      if (!next) {
        done.add(here.step.node);
        open.delete(here.step.node);
        way.pop();
      } else if (!open.has(next.node)) enter(next);
      else {
        const last = [...way.map(({ step }) => step), next].findLast(({ reference }) => reference)?.reference;
        if (last) found.push(diagnose("reference/circular", last.span, { reference: last.written }));
      }
    }
  }
  return found;
}

function stepsFrom({ node, root }: Step, reachable: Reachable): Step[] {
  const steps = inPlace.flatMap((keyword): Step[] => {
    const value = child(node, keyword);
    const schemas = value?.kind === "array" ? value.items : value ? [value] : [];
    return schemas.map((schema) => ({ node: schema, root }));
  });
  const reference = node.kind === "object" ? child(node, "$ref") : undefined;
  if (typeof reference?.value !== "string") return steps;
  const target = resolve(reference.value, root, reachable);
  if (target.kind === "failure") return steps;
  const next = target.kind === "own" ? root : target.root;
  return [...steps, { node: target.node, root: next, reference: { written: reference.value, span: reference.span } }];
}
