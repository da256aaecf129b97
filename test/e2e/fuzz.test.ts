import fc from "fast-check";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ts } from "ts-morph";
import { expect, onTestFinished, test } from "vitest";
import { read } from "../../compiler/1-read/index.js";
import { check } from "../../compiler/2-check/index.js";
import { lower } from "../../compiler/3-lower/index.js";
import { emitCode, emitData, emitLock } from "../../compiler/4-emit/generated.js";
import { emitUserFiles, emitValidators } from "../../compiler/4-emit/index.js";
import { plan } from "../../compiler/5-write/index.js";
import { compile } from "../../compiler/index.js";
import { costsOf } from "../../compiler/tokens/costs.js";
import { hasErrors, type Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import { formatGithub } from "../../compiler/diagnostics/github.js";
import { formatJson } from "../../compiler/diagnostics/json.js";
import { formatPretty } from "../../compiler/diagnostics/render.js";
import { nodeHost } from "../../compiler/host-node/index.js";
import { arbitraryManifest } from "../compiler/arbitrary-manifest.js";
import { memoryHost } from "../compiler/memory-host.js";
import { diagnosticsOf } from "../compiler/typescript.js";
import { write } from "./project.js";

const seed = Number(process.env["FC_SEED"] ?? 1);
const name = "a.mcp.json";
type Manifest = string | Uint8Array;

/** The phases that make text of a manifest; no files where the manifest has mistakes. */
async function generate(manifest: Manifest): Promise<{ diagnostics: Diagnostic[]; files?: Map<string, string> }> {
  const host = memoryHost({ [name]: manifest });
  const diagnostics: Diagnostic[] = [];
  const sources = read(host);
  diagnostics.push(...sources.diagnostics);
  if (!sources.value || hasErrors(diagnostics)) return { diagnostics };
  const project = check(sources.value, host);
  diagnostics.push(...project.diagnostics);
  if (!project.value || hasErrors(diagnostics)) return { diagnostics };
  const server = lower(project.value);
  const stubs = emitUserFiles(server, new Map(), new Map());
  const validators = await emitValidators(server, () => false);
  diagnostics.push(...stubs.diagnostics, ...validators.diagnostics);
  if (!stubs.value || !validators.value || hasErrors(diagnostics)) return { diagnostics };
  const { value, diagnostics: planned } = plan(
    [...emitCode(server), ...emitData(server), emitLock(server, costsOf(server)), ...stubs.value, ...validators.value],
    host,
    { sweep: [], force: false, isUpToDate: () => false, isUnmodified: () => false },
  );
  diagnostics.push(...planned);
  if (!value || hasErrors(diagnostics)) return { diagnostics };
  return {
    diagnostics,
    files: new Map(value.changes.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)])),
  };
}

/** Identifiers of a module: what stands in its literals and comments is none. */
function identifiers(source: ts.SourceFile): Set<string> {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) found.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function syntaxErrors(source: ts.SourceFile): string[] {
  const { parseDiagnostics } = source as unknown as { parseDiagnostics: readonly ts.Diagnostic[] };
  return parseDiagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
}

/** Its handler's argument would be `never`. */
const unsatisfiable = JSON.stringify({
  server: { name: "fuzz", version: "1.0.0" },
  tools: [{ name: "uncallable", inputSchema: { type: "object", enum: ["a"] }, outputSchema: { not: {}, enum: [] } }],
});

const accepted: { readonly manifest: Manifest; readonly files: ReadonlyMap<string, string> }[] = [];

test("whatever a manifest holds, it is refused with a place, or becomes modules inside the project", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryManifest, async (manifest) => {
      const { diagnostics, files } = await generate(manifest);
      const text = typeof manifest === "string" ? manifest : new TextDecoder().decode(manifest);
      const report = { diagnostics, textOf: (path: string) => (path === name ? text : undefined), prefix: "" };
      for (const rendered of [formatPretty(report, { color: false }), formatJson([report]), formatGithub([report])])
        expect(typeof rendered).toBe("string");
      for (const { span, severity } of diagnostics) {
        if (severity === "error") expect(span).toBeDefined();
        if (span)
          expect([span.path, 0 <= span.start && span.start <= span.end && span.end <= text.length + 1]).toEqual([
            name,
            true,
          ]);
      }
      expect(hasErrors(diagnostics)).toBe(files === undefined);
      if (!files) return;
      accepted.push({ manifest, files });
      const paths = [...files.keys()];
      expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(paths.length);
      for (const [path, code] of files) {
        expect(path).toMatch(/^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\\:\0]+\.(ts|json)$/);
        if (!path.endsWith(".ts")) continue;
        const source = ts.createSourceFile(path, code, ts.ScriptTarget.ES2022);
        expect([path, syntaxErrors(source)]).toEqual([path, []]);
        expect([path, identifiers(source).has("hacked")]).toEqual([path, false]);
      }
    }),
    { seed, numRuns: 300, examples: [[unsatisfiable]] },
  );
  expect(accepted.length).toBeGreaterThan(60);
}, 400_000);

/** A completion names a function that the project has to bring. */
const whole = ({ manifest }: { manifest: Manifest }): boolean => !String(manifest).includes('"complete"');

test("what is generated compiles", () => {
  const modules = accepted
    .filter(whole)
    .slice(0, 80)
    .flatMap(({ files }, index) =>
      [...files].flatMap(([path, code]): [string, string][] =>
        path.endsWith(".ts") ? [[`p${index}/${path}`, code]] : [],
      ),
    );
  expect(modules.length).toBeGreaterThan(300);
  expect(diagnosticsOf(Object.fromEntries(modules))).toEqual([]);
});

test("a whole build of such manifests ends in a bundle and touches nothing else", async () => {
  const outer = mkdtempSync(join(tmpdir(), "mcpc-fuzz-"));
  onTestFinished(() => rmSync(outer, { recursive: true, force: true }));
  const some = accepted
    .filter(whole)
    .filter((_, index) => index % 17 === 0)
    .slice(0, 8);
  expect(some.length).toBeGreaterThan(3);
  for (const [index, { manifest }] of some.entries()) {
    const folder = join(outer, String(index), "project");
    mkdirSync(folder, { recursive: true });
    write(folder, { [name]: manifest });
    const { diagnostics } = await compile(nodeHost(folder), { mode: "build" });
    expect([manifest, diagnostics.filter(({ severity }) => severity === "error")]).toEqual([manifest, []]);
    expect(readdirSync(join(outer, String(index)))).toEqual(["project"]);
    expect(readdirSync(folder)).toContain("dist");
  }
  expect(readdirSync(outer)).toHaveLength(some.length);
});
