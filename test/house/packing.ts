import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "./documents.js";

export const packages = ["compiler", "runtime", "compiler/create"] as const;

/** Runs npm quietly, and returns what it prints. */
export const npm = (cwd: string, ...args: string[]): string =>
  execFileSync("npm", [...args, "--loglevel=error"], { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Installs what is named, or what the lock file lists, with what npm has cached. */
export const install = (cwd: string, ...args: string[]): string =>
  npm(cwd, "install", ...args, "--prefer-offline", "--no-audit", "--no-fund");

/** What version control would give somebody else, beside packages that are installed: nothing that setting up has made. */
export function clone(to: string): void {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root });
  const needed = /^(?:compiler|runtime|docs|fixtures\/invalid|test\/setup\.mjs$)(?:\/|$)|^[^/]+$/;
  for (const path of String(listed)
    .split("\n")
    .filter((path) => needed.test(path) && existsSync(join(root, path))))
    cpSync(join(root, path), join(to, path));
  for (const modules of ["node_modules", "compiler/node_modules"]) {
    mkdirSync(join(to, modules));
    for (const name of readdirSync(join(root, modules)))
      if (name !== "mcpc" && name !== "@mcpc") symlinkSync(join(root, modules, name), join(to, modules, name));
  }
  mkdirSync(join(to, "node_modules/@mcpc"));
  symlinkSync("../compiler", join(to, "node_modules/mcpc"));
  symlinkSync("../../runtime", join(to, "node_modules/@mcpc/runtime"));
}

/** Packs the packages of a checkout, and returns the path of each tarball. */
export function pack(checkout: string, to: string, ...options: string[]): ReadonlyMap<string, string> {
  return new Map(
    packages.map((name) => {
      npm(join(checkout, name), "pack", "--pack-destination", to, ...options);
      const manifest = JSON.parse(readFileSync(join(root, name, "package.json"), "utf8"));
      return [name, join(to, `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`)];
    }),
  );
}
