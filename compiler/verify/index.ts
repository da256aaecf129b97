import { resolve } from "node:path";
import { failed, inventory, prefix, promoted, textOf, type Output } from "../command.js";
import { compileManifests } from "../compile-manifests.js";
import { byPlace } from "../diagnostics/diagnostic.js";
import { formats } from "../diagnostics/formats.js";
import { printable } from "../diagnostics/printable.js";
import { formatPretty } from "../diagnostics/render.js";
import type { Format, Report } from "../diagnostics/report.js";
import { projectSide } from "../diff/project-side.js";
import { converseWith, isServer, serverSide } from "../diff/server-side.js";
import { sideOf } from "../diff/sides.js";
import { NoSide, type SideOptions } from "../diff/surface.js";
import type { Host } from "../host.js";
import { writeReport } from "../host-node/files.js";
import { nodeHost } from "../host-node/index.js";
import { callExamples, type CallReport } from "./calls.js";
import { driftBetween } from "./drift.js";

export interface VerifyOptions extends Omit<SideOptions, "folder"> {
  readonly format: Format;
  readonly output?: readonly Output[];
  readonly strict: boolean;
  /** Whether to call the examples of read-only tools. */
  readonly calls: boolean;
  readonly stdout: (text: string) => void;
}

const exit = { clean: 0, drift: 1, noTarget: 2 } as const;

/** Runs `mcpc verify`: compares a target with the manifests of a folder, and returns the exit code. */
export async function verify(target: string, folder: string, options: VerifyOptions): Promise<number> {
  const host = nodeHost(folder, options.cwd);
  try {
    const { report, success } = await verification(target, host, { ...options, folder });
    const shown = options.strict ? { ...report, diagnostics: report.diagnostics.map(promoted) } : report;
    if (options.format === "pretty") {
      options.stderr(formatPretty(shown, options));
      if (!failed(shown)) options.stdout(`${printable(success)}\n`);
    } else options.stdout(formats[options.format]([shown]));
    for (const { format, path } of options.output ?? [])
      writeReport(resolve(options.cwd, path), formats[format]([shown]));
    return failed(shown) ? exit.drift : exit.clean;
  } catch (error) {
    if (!(error instanceof NoSide)) throw error;
    options.stderr(`${error.report}error: ${printable(error.message)}\n`);
    return exit.noTarget;
  }
}

/** A report, and the line for people if there is no drift. */
export interface Verification {
  readonly report: Report;
  readonly success: string;
}

/** Compares a target with the manifests. Throws `NoSide` or `HostError` if the target is unavailable. */
export async function verification(
  target: string,
  host: Host,
  options: SideOptions & Pick<VerifyOptions, "calls">,
): Promise<Verification> {
  const { value: manifests, diagnostics } = compileManifests(host);
  const report = { textOf: (path: string) => textOf(host, path), prefix: prefix(host, options.cwd) };
  if (!manifests) return { report: { ...report, diagnostics }, success: "" };
  const manifest = projectSide(manifests, host, report.prefix);
  if (options.calls && !isServer(target))
    throw new NoSide("--calls needs a running server: name stdio:COMMAND or a URL");
  const [found, calls] = isServer(target)
    ? await converseWith(target, options, async (conversation) => [
        await serverSide(conversation),
        options.calls ? await callExamples(manifests, conversation) : undefined,
      ])
    : [await sideOf(target, options), undefined];
  const drift = [...driftBetween(manifest, found), ...(calls?.diagnostics ?? [])].sort(byPlace);
  const { tools, resources, resourceTemplates, prompts } = manifests.server;
  const size = inventory({
    tools: tools.length,
    resources: resources.length,
    resourceTemplates: resourceTemplates.length,
    prompts: prompts.length,
  });
  const success = `${manifest.surface.name}: the target lists what the manifest says (${size})${callsDone(calls)}`;
  return { report: { ...report, diagnostics: drift }, success };
}

function callsDone(calls: CallReport | undefined): string {
  if (!calls) return "";
  const skipped = calls.skipped === 0 ? "" : `, ${calls.skipped} not called: their tools are not marked readOnlyHint`;
  return `; examples: ${calls.called} called${skipped}`;
}
