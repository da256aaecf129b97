import { emitExamples, examplesEntry } from "./4-emit/examples.js";
import { textsOf } from "./5-write/index.js";
import { bundleExamples } from "./7-bundle/examples.js";
import { compileManifests } from "./compile-manifests.js";
import { absolute, absoluteSpan } from "./diagnostics/absolute.js";
import { hasErrors, type Diagnostic, type Result } from "./diagnostics/diagnostic.js";
import type { Host } from "./host.js";
import type { Example, Tool } from "./model/server.js";
import type { EntryOffsets } from "./model/source.js";
import type { Phase } from "./report.js";
import { existingUserFiles } from "./user-files.js";

/** Examples of a project, and a module that makes their calls; nothing of it is written. */
export interface ExampleProject {
  readonly diagnostics: readonly Diagnostic[];
  /** The server's. */
  readonly name: string;
  readonly examples: readonly { readonly tool: Tool; readonly example: Example }[];
  /** Absent where there are mistakes, or no examples. */
  readonly script?: string;
}

/** The phases of `compile` as far as examples need them; handlers are not type-checked. */
export async function compileExamples(
  host: Host,
  wanted: (tool: Tool, example: Example) => boolean,
  onPhase: (phase: Phase) => void,
): Promise<ExampleProject> {
  const diagnostics: Diagnostic[] = [];
  let offsets: EntryOffsets = new Map();
  const take = <T>(result: Result<T>): T | undefined => {
    diagnostics.push(...result.diagnostics.map((diagnostic) => absolute(diagnostic, offsets)));
    return hasErrors(result.diagnostics) ? undefined : result.value;
  };
  const nothing = (name = ""): ExampleProject => ({ diagnostics, name, examples: [] });

  const manifests = take(compileManifests(host, onPhase));
  if (!manifests) return nothing();
  const { server } = manifests;
  offsets = manifests.offsets;
  const name = String(server.info["name"]);
  const examples = server.tools.flatMap((tool) =>
    tool.examples
      .filter((example) => wanted(tool, example))
      .map((example) => ({ tool, example: { ...example, span: absoluteSpan(example.span, offsets) } })),
  );
  if (examples.length === 0) return nothing(name);
  onPhase("emit");
  const tools = [...new Set(examples.map(({ tool }) => tool))];
  const files = take(emitExamples(server, tools, existingUserFiles(server, host)));
  if (!files) return nothing(name);
  onPhase("bundle");
  const script = take(await bundleExamples(examplesEntry(server), textsOf(files, host), server, host));
  return { diagnostics, name, examples, ...(script !== undefined && { script }) };
}
