import { build } from "esbuild";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { read } from "../../compiler/1-read/index.js";
import { check } from "../../compiler/2-check/index.js";
import { lower } from "../../compiler/3-lower/index.js";
import { emitCode, emitData, emitLock } from "../../compiler/4-emit/generated.js";
import { emitUserFiles, emitValidators } from "../../compiler/4-emit/index.js";
import { costsOf } from "../../compiler/tokens/costs.js";
import { hasErrors, type Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import type { JsonSchema } from "../../compiler/model/schema.js";
import type { Validator } from "../../runtime/protocol/surface.js";
import { memoryHost } from "./memory-host.js";

export interface CompiledSchemas {
  /** By the schema's index; undefined where the compiler refuses the schema. */
  readonly validators: readonly (Validator | undefined)[];
  /** The modules of these validators, likewise. */
  readonly modules: readonly (string | undefined)[];
  /** Why a schema is refused. */
  readonly refused: ReadonlyMap<number, readonly Diagnostic[]>;
  /** `generated/types.ts`; the schema at index 7 has the type `Case7Output`. */
  readonly types: string;
}

/**
 * Takes schemas through the phases, each as the `outputSchema` of a tool, and loads what comes out. `definitions` are the
 * shared `$defs` of the manifests.
 */
export async function compiled(
  schemas: readonly JsonSchema[],
  definitions: Readonly<Record<string, JsonSchema>> = {},
): Promise<CompiledSchemas> {
  const manifest = (index: number): [string, string] => {
    const tool = { name: `case_${index}`, inputSchema: { type: "object" }, outputSchema: schemas[index] };
    return [`${index}.mcp.json`, JSON.stringify({ tools: [tool] })];
  };
  const refused = new Map<number, Diagnostic[]>();
  const emitted = async (indices: readonly number[]): Promise<Map<string, string> | undefined> => {
    const server = { name: "cases", version: "1.0.0" };
    const host = memoryHost({
      "server.mcp.json": JSON.stringify({ server, $defs: definitions }),
      ...Object.fromEntries(indices.map(manifest)),
    });
    const refuse = (diagnostics: readonly Diagnostic[]): void => {
      for (const diagnostic of diagnostics.filter(({ severity }) => severity === "error")) {
        const index = parseInt(diagnostic.span!.path, 10);
        if (Number.isNaN(index)) throw new Error(`the definitions are refused: ${diagnostic.message}`);
        refused.set(index, [...(refused.get(index) ?? []), diagnostic]);
      }
    };
    const sources = read(host);
    refuse(sources.diagnostics);
    const project = check(sources.value!, host);
    refuse(project.diagnostics);
    if (!project.value || hasErrors(project.diagnostics)) return undefined;
    const lowered = lower(project.value);
    const stubs = emitUserFiles(lowered, new Map(), new Map());
    const validators = await emitValidators(lowered, () => false);
    const diagnostics = [...stubs.diagnostics, ...validators.diagnostics];
    refuse(diagnostics);
    if (hasErrors(diagnostics)) return undefined;
    return new Map(
      [
        ...emitCode(lowered),
        ...emitData(lowered),
        emitLock(lowered, costsOf(lowered)),
        ...stubs.value!,
        ...validators.value!,
      ].map(({ path, content }) => [path, content() as string]),
    );
  };
  const all = schemas.map((_, index) => index);
  let files = await emitted(all);
  while (!files) files = await emitted(all.filter((index) => !refused.has(index)));
  return {
    validators: await load(files, schemas.length),
    modules: all.map((index) => files.get(modulePath(index))),
    refused,
    types: files.get("generated/types.ts")!,
  };
}

const modulePath = (index: number): string => `generated/validators/Case${index}.ts`;

/** All validators as one module, bundled as a server would be. */
async function load(files: ReadonlyMap<string, string>, count: number): Promise<CompiledSchemas["validators"]> {
  const there = Array.from({ length: count }, (_, index) => index).filter((index) => files.has(modulePath(index)));
  const entry = there.map((index) => `export { output as case${index} } from "./${modulePath(index)}";\n`).join("");
  const runtime = join(import.meta.dirname, "..", "..", "runtime", "dist");
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: "/", sourcefile: "entry.ts", loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "silent",
    plugins: [
      {
        name: "memory",
        setup: (esbuild) => {
          esbuild.onResolve({ filter: /^\./ }, ({ path, importer }) =>
            importer.startsWith(runtime)
              ? undefined
              : { path: join("/", importer === "entry.ts" ? "" : join(importer, ".."), path), namespace: "memory" },
          );
          esbuild.onResolve({ filter: /^@mcpc\/runtime\// }, ({ path }) => ({
            path: `${path.replace("@mcpc/runtime", runtime)}.js`,
          }));
          esbuild.onLoad({ filter: /.*/, namespace: "memory" }, ({ path }) => ({
            contents: files.get(path.slice(1).replace(/\.js$/, ".ts"))!,
            loader: "ts",
          }));
        },
      },
    ],
  });
  const folder = mkdtempSync(join(tmpdir(), "mcpc-compiled-"));
  try {
    writeFileSync(join(folder, "validators.mjs"), outputFiles[0]!.contents);
    const path = pathToFileURL(join(folder, "validators.mjs")).href;
    const module = (await import(path)) as Record<string, Validator>;
    return Array.from({ length: count }, (_, index) => module[`case${index}`]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
