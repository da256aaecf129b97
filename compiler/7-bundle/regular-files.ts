import { isBuiltin } from "node:module";
import { dirname, join, resolve } from "node:path";
import type { PartialMessage, Plugin } from "esbuild";
import { HostError, type Host } from "../host.js";

/** Pattern of package names except the compiler's own. */
const bare = /^(?:[^./@]|@(?:[^m]|m[^c]|mc[^p]|mcp[^c]|mcpc[^/]))/;

/**
 * Refuses imports of files that are not regular: esbuild opens any file, and would wait for a pipe without end. Throws
 * `HostError` for such a file that esbuild reads implicitly. The project and each imported package are searched as a
 * whole first, so that most files need no check.
 */
export function regularFiles(host: Host): Plugin {
  const checked = new Map<string, readonly string[]>();
  const below = (folder: string): readonly string[] => {
    const found = checked.get(folder) ?? host.specialFiles?.(folder) ?? [];
    checked.set(folder, found);
    return found;
  };
  const special = below(host.root);
  // esbuild reads these files in every folder on its path.
  const setting = special.find((path) => /(?:^|\/)(?:package|tsconfig)\.json$/.test(path));
  if (setting !== undefined) throw new HostError(refusal(setting));
  const files = new Map(special.map((path) => [resolve(host.root, path), path]));
  return {
    name: "regular-files",
    setup(build) {
      build.onResolve({ filter: bare }, ({ path, resolveDir }) => {
        if (isBuiltin(path)) return undefined;
        const [name = ""] = /^(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
        for (let folder = resolveDir; folder !== dirname(folder); folder = dirname(folder)) {
          const [found] = below(join(folder, "node_modules", name));
          if (found !== undefined) return { errors: [error(found)] };
        }
        return undefined;
      });
      if (files.size === 0) return;
      build.onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const file = join(resolveDir, path);
        const names = [file, ...endings.map((ending) => file + ending), file.replace(/\.([cm]?)js$/, ".$1ts")];
        const found = names.concat(file.replace(/\.js$/, ".tsx")).find((name) => files.has(name));
        return found === undefined ? undefined : { errors: [error(files.get(found)!)] };
      });
    },
  };
}

/** Extensions that an import may omit. */
const endings = [".ts", ".tsx", ".js", ".jsx", ".json", "/index.ts", "/index.js"];

function error(path: string): PartialMessage {
  return { text: refusal(path) };
}

function refusal(path: string): string {
  return `${JSON.stringify(path)} is not a regular file`;
}
