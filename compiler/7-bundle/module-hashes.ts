import { createHash } from "node:crypto";

/** A module without its name. */
export interface Hashed {
  /** Hash of the module's content. */
  readonly hash: string;
  /** Paths of the module's imports. */
  readonly imports: readonly string[];
}

/** Returns a name for each module, which changes with the module or with any of its imports. */
export function namesOf(pieces: ReadonlyMap<string, Hashed>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const circle of circles(pieces)) {
    // Modules that import each other change together.
    const hash = createHash("sha256");
    for (const path of circle.toSorted()) {
      const { hash: own, imports } = pieces.get(path)!;
      hash.update(`${path} ${own} ${imports.map((to) => names.get(to) ?? to).join(" ")}\n`);
    }
    const digest = hash.digest("hex");
    for (const path of circle) names.set(path, nameOf(path, digest));
  }
  return names;
}

function nameOf(path: string, digest: string): string {
  const hash = createHash("sha256").update(`${path} ${digest}`).digest("hex").slice(0, 16);
  return `${path
    .replace(/^.*\//, "")
    .replace(/\.\w+$/, "")
    .replace(/[^\w-]/g, "_")}-${hash}.mjs`;
}

/** Returns Tarjan's strongly connected components, each after its imports. */
function circles(pieces: ReadonlyMap<string, Hashed>): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const visit = (path: string): void => {
    index.set(path, index.size);
    low.set(path, index.get(path)!);
    open.push(path);
    isOpen.add(path);
    for (const to of pieces.get(path)!.imports) {
      if (!index.has(to)) visit(to);
      if (isOpen.has(to)) low.set(path, Math.min(low.get(path)!, low.get(to)!));
    }
    if (low.get(path) !== index.get(path)) return;
    const circle = open.splice(open.lastIndexOf(path));
    for (const member of circle) isOpen.delete(member);
    found.push(circle);
  };
  for (const path of pieces.keys()) if (!index.has(path)) visit(path);
  return found;
}
