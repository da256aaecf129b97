import { read } from "./1-read/index.js";
import { check } from "./2-check/index.js";
import { lower } from "./3-lower/index.js";
import { emitExamples, examplesEntry } from "./4-emit/examples.js";
import { textsOf } from "./5-write/index.js";
import { bundleExamples } from "./7-bundle/examples.js";
import { existingHandlers, type Phase } from "./compile.js";
import { hasErrors, type Diagnostic, type Result } from "./diagnostics/diagnostic.js";
import type { Host } from "./host.js";
import type { Example, Tool } from "./model/server.js";

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
  entering: (phase: Phase) => void,
): Promise<ExampleProject> {
  const diagnostics: Diagnostic[] = [];
  const take = <T>(result: Result<T>): T | undefined => {
    diagnostics.push(...result.diagnostics);
    return hasErrors(result.diagnostics) ? undefined : result.value;
  };
  const nothing = (name = ""): ExampleProject => ({ diagnostics, name, examples: [] });

  entering("read");
  const sources = take(read(host));
  if (!sources) return nothing();
  entering("check");
  const project = take(check(sources, host));
  if (!project) return nothing();
  entering("lower");
  const server = take(lower(project));
  if (!server) return nothing();
  const name = String(server.info["name"]);
  const examples = server.tools.flatMap((tool) =>
    tool.examples.filter((example) => wanted(tool, example)).map((example) => ({ tool, example })),
  );
  if (examples.length === 0) return nothing(name);
  entering("emit");
  const tools = [...new Set(examples.map(({ tool }) => tool))];
  const files = take(emitExamples(server, tools, existingHandlers(server, host)));
  if (!files) return nothing(name);
  entering("bundle");
  const script = take(await bundleExamples(examplesEntry(server), textsOf(files, host), server, host));
  return { diagnostics, name, examples, ...(script !== undefined && { script }) };
}
