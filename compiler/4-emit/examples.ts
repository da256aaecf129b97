import type { Diagnostic, Result } from "../diagnostics/diagnostic.js";
import type { Artifact } from "../model/output.js";
import type { Server, Tool } from "../model/server.js";
import { literal } from "./code.js";
import { handlers } from "./handlers.js";
import { listingsModule, surfaceModule } from "./surface.js";
import { serverModule } from "./server.js";
import { settingsValidator, toolValidators } from "./validator-modules.js";
import { printValidators } from "./validators.js";

/** Returns the path of the module that runs examples, relative to the project; the module is never written to disk. */
export function examplesEntry({ layout }: Server): string {
  return `${layout.generated}/examples.ts`;
}

/**
 * Emits the code that runs the examples of some tools: the generated code that they need, and stubs of missing
 * handlers. `existing` holds the contents of existing handler files.
 */
export function emitExamples(
  server: Server,
  tools: readonly Tool[],
  existing: ReadonlyMap<string, string>,
): Result<Artifact[]> {
  const { config } = server.runtime;
  const part: Server = {
    ...server,
    tools,
    resources: [],
    resourceTemplates: [],
    prompts: [],
    transports: { stdio: true, fromEnvironment: false },
    runtime: withoutRooms(server.runtime),
    projections: [],
  };
  const diagnostics: Diagnostic[] = [];
  const take = <T>(result: Result<T>): T | undefined => {
    diagnostics.push(...result.diagnostics);
    return result.value;
  };
  const { generated } = server.layout;
  const file = (name: string, content: string): Artifact => ({
    path: `${generated}/${name}.ts`,
    owner: "generated",
    content: () => content,
  });
  const validators = [...tools.map(toolValidators), ...(config ? [settingsValidator(config)] : [])];
  const files = [
    file("surface", surfaceModule(part)),
    file("listings", listingsModule(part)),
    file("server", serverModule(part)),
    file(
      "examples",
      `import { serveExamples } from ${literal("@mcpc/runtime/codegen/v1/examples")};\n` +
        `import { server } from "./server.js";\n\nserveExamples(server);\n`,
    ),
    ...validators.flatMap((module) => {
      const text = take(printValidators(module));
      return text === undefined ? [] : [file(module.name, text)];
    }),
    ...(take(handlers(part, existing, new Map())) ?? []),
  ];
  return { value: files, diagnostics };
}

/** Runtime features of production that would intercept the call between an example and its handler. */
const rooms: ReadonlySet<string> = new Set(["logging", "telemetry", "metrics", "health", "concurrency", "rate"]);

function withoutRooms(runtime: Server["runtime"]): Server["runtime"] {
  return Object.fromEntries(Object.entries(runtime).filter(([room]) => !rooms.has(room))) as Server["runtime"];
}
