import { execFileSync } from "node:child_process";
import { posix } from "node:path";
import { HostError, type Host } from "../host.js";
import type { JsonObject } from "../model/source.js";

const maxBytes = 256 * 2 ** 20;

/** Returns a host for a project at a revision: it reads files from the repository, without a checkout. */
export function gitHost(root: string, revision: string, manifestSchema: JsonObject): Host {
  const git = gitIn(root, revision);
  const line = (args: readonly string[]): string => git(args).toString("utf8").trimEnd();
  // The option end stops a revision that looks like an option.
  const commit = line(["rev-parse", "--verify", "--end-of-options", `${revision}^{commit}`]);
  const prefix = line(["rev-parse", "--show-prefix"]);
  const files = new Map<string, { readonly hash: string; readonly size: number }>();
  const listed = git(["ls-tree", "-r", "-z", "-l", "--full-tree", commit]).toString("utf8");
  for (const row of listed.split("\0")) {
    const match = /^(\d+) blob ([0-9a-f]+) +(\d+)\t([^]*)$/.exec(row);
    // The target of a link may have changed since the revision.
    if (!match || match[1] === "120000" || !match[4]!.startsWith(prefix)) continue;
    files.set(match[4]!.slice(prefix.length), { hash: match[2]!, size: Number(match[3]) });
  }
  const contents = new Map<string, Uint8Array>();
  return {
    root,
    manifestSchema,
    find: (patterns, ignore) => {
      const [wanted, unwanted] = [patterns, ignore].map((all) => all.map(expression));
      const matches = (all: readonly RegExp[], path: string): boolean => all.some((each) => each.test(path));
      return [...files.keys()].filter((path) => matches(wanted!, path) && !matches(unwanted!, path)).sort(byCodeUnit);
    },
    read: (path) => {
      const file = files.get(posix.normalize(path));
      if (!file) return undefined;
      let bytes = contents.get(file.hash);
      if (!bytes) contents.set(file.hash, (bytes = git(["cat-file", "blob", file.hash])));
      return bytes;
    },
    size: (path) => files.get(posix.normalize(path))?.size ?? 0,
    contains: (path) => !posix.isAbsolute(path) && !posix.normalize(path).startsWith(".."),
    commit: () => {
      throw new Error("nothing is written into a revision");
    },
  };
}

/** Converts a glob of the compiler: `**` is any folders, `*` any part of a name, `{a,b}` either. */
function expression(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*\/|\*\*|\*|\{[^}]*\})/).map((part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    const quoted = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
    return part.startsWith("{") ? `(?:${part.slice(1, -1).split(",").map(quoted).join("|")})` : quoted(part);
  });
  return new RegExp(`^${parts.join("")}$`);
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Returns the top folder of the repository around a project. */
export function repositoryOf(root: string, revision: string): string {
  return gitIn(root, revision)(["rev-parse", "--show-toplevel"]).toString("utf8").trimEnd();
}

type Git = (args: readonly string[], input?: string) => Buffer;

/** Returns a function that runs git in a folder. The revision is part of error messages. */
function gitIn(root: string, revision: string): Git {
  return (args, input) => {
    try {
      return execFileSync("git", ["-C", root, ...args], {
        input: input ?? "",
        maxBuffer: maxBytes,
        stdio: ["pipe", "pipe", "pipe"],
        // Lazy fetches from a remote are off, since a comparison must not need the network.
        env: { ...process.env, GIT_NO_LAZY_FETCH: "1", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" },
      });
    } catch (error) {
      const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: Buffer };
      const reason = code === "ENOENT" ? "git is not installed" : String(stderr ?? (error as Error).message).trim();
      throw new HostError(`git:${revision}: ${explained(reason.split("\n")[0]!, root)}`);
    }
  };
}

/** Says in plain words what git says about a revision or a folder. */
function explained(reason: string, root: string): string {
  if (reason.includes("Needed a single revision"))
    return "there is no such revision here; in CI, check out the history, too (fetch-depth: 0)";
  return reason.includes("not a git repository") ? `${JSON.stringify(root)} is in no git repository` : reason;
}
