import type { Plan } from "./5-write/index.js";
import { diagnose, type Diagnostic } from "./diagnostics/diagnostic.js";
import type { Host } from "./host.js";
import type { Artifact } from "./model/output.js";
import type { Server } from "./model/server.js";

/**
 * Reports what a build would change. A `generated/` that is wholly absent is not stale: version control may ignore the
 * folder.
 */
export function staleFiles(
  plans: readonly (Plan | undefined)[],
  files: readonly Artifact[],
  { layout }: Server,
  host: Host,
): { readonly diagnostics: Diagnostic[] } {
  const owners = new Map(files.map((file) => [file.path, file.owner]));
  const hasGenerated = host.find([`${layout.generated}/**/*.ts`], []).length > 0;
  const diagnostics = plans
    .flatMap((plan) => plan?.changes ?? [])
    .filter(({ path }) => hasGenerated || owners.get(path) !== "generated")
    .map(({ path, bytes }) =>
      diagnose("output/stale", undefined, {
        path,
        state: bytes === undefined ? "superfluous" : host.read(path) ? "different" : "missing",
      }),
    );
  return { diagnostics };
}
