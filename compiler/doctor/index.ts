import { compileFolders } from "../command.js";
import { compileManifests } from "../compile-manifests.js";
import { printable } from "../diagnostics/printable.js";
import { nodeHost } from "../host-node/index.js";
import { error, ok, type DoctorFinding, type Patient } from "./finding.js";
import { checkNetwork } from "./network.js";
import { checkPackages } from "./packages.js";
import { checkSettings } from "./settings.js";

export interface DoctorOptions {
  readonly folder: string;
  /** The working directory, absolute. */
  readonly cwd: string;
  readonly env: Patient["env"];
  readonly format: "pretty" | "json";
  readonly color: boolean;
  readonly stdout: (text: string) => void;
}

/**
 * Runs `mcpc doctor`: checks all of the environment that can make a build or a server fail. Returns the exit code: 0,
 * or 1 if something would fail.
 */
export async function doctor(options: DoctorOptions): Promise<number> {
  const { folder, cwd, env, format, color, stdout } = options;
  const host = nodeHost(folder, cwd);
  const { value } = compileManifests(host);
  const findings: DoctorFinding[] = [await checkProject(options)];
  if (value) {
    const patient = { root: host.root, server: value.server, env };
    findings.push(...checkPackages(patient), ...checkSettings(patient), ...(await checkNetwork(patient)));
  }
  stdout(
    format === "json"
      ? `${JSON.stringify({ findings }, null, 2)}\n`
      : findings.map((each) => line(each, color)).join(""),
  );
  return findings.some(({ status }) => status === "error") ? 1 : 0;
}

/** Runs `mcpc check`, whose report the user can read by running it. */
async function checkProject({ folder, cwd }: DoctorOptions): Promise<DoctorFinding> {
  let report = "";
  const code = await compileFolders("check", [folder], {
    ...{ format: "json", cache: true, color: false, cwd },
    stdout: (text) => (report += text),
    stderr: () => {},
    onPhase: () => {},
  });
  if (code === 0) return ok("manifests, handlers and generated files have no errors");
  const { diagnostics } = JSON.parse(report) as {
    readonly diagnostics: readonly { readonly severity: string; readonly code: string }[];
  };
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.every(({ code }) => code === "output/stale"))
    return error("the project has changed since its last build", "run mcpc build");
  const count = errors.length;
  return error(`the project has ${count} error${count === 1 ? "" : "s"}`, "run mcpc check to see them");
}

const marks = { ok: ["32", "✓"], warning: ["33", "!"], error: ["31", "✗"] } as const;

function line({ status, message, advice }: DoctorFinding, color: boolean): string {
  const [code, mark] = marks[status];
  const shown = color ? `\u001b[${code}m${mark}\u001b[0m` : mark;
  return `${shown} ${printable(message)}\n${advice === undefined ? "" : `    ${printable(advice)}\n`}`;
}
