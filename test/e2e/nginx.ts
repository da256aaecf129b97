import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { freePort } from "./free-port.js";

/** Debian's nginx is outside of the path of users other than root. */
const program = ["/usr/sbin/nginx", "nginx"].find((path) => spawnSync(path, ["-v"]).status === 0);
export const hasNginx = program !== undefined;

export interface Nginx {
  readonly origin: string;
  /** The configuration, which contains the file of `conf.d`. */
  readonly file: string;
  /** The words of a shell that run nginx with this configuration. */
  readonly command: string;
  stop(): Promise<void>;
}

/**
 * Starts nginx with a file of `conf.d`, on a free port and in a folder of its own. `replace` changes texts of the file,
 * which each must occur.
 */
export async function startNginx(file: string, replace: Readonly<Record<string, string>>): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-nginx-"));
  const port = await freePort();
  let site = readFileSync(file, "utf8");
  for (const [from, to] of Object.entries({ ...replace, "listen 80;": `listen 127.0.0.1:${port};` })) {
    if (!site.includes(from)) throw new Error(`${file} has no ${from}`);
    site = site.replaceAll(from, to);
  }
  mkdirSync(join(folder, "logs"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${kind};`);
  // The workers of root change to a user who may not enter the folder.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const main = `${user} daemon off; pid nginx.pid; error_log stderr; events {}
    http { access_log off; ${temporary.join(" ")} ${site} }`;
  writeFileSync(join(folder, "nginx.conf"), main);
  const options = ["-p", folder, "-c", join(folder, "nginx.conf")];
  const nginx = spawn(program!, options, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  nginx.stderr.on("data", (chunk: Buffer) => (log += chunk));
  const kill = (): void => void nginx.kill("SIGQUIT");
  process.once("exit", kill);
  await vi.waitFor(
    async () => {
      if (nginx.exitCode !== null) throw new Error(`nginx ended: ${log}`);
      if (!existsSync(join(folder, "nginx.pid"))) throw new Error("nginx has not started");
      await fetch(`http://127.0.0.1:${port}/`);
    },
    { timeout: 30_000 },
  );
  return {
    origin: `http://127.0.0.1:${port}`,
    file: join(folder, "nginx.conf"),
    command: [program, ...options].join(" "),
    async stop() {
      nginx.kill("SIGTERM");
      await once(nginx, "exit");
      process.off("exit", kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
