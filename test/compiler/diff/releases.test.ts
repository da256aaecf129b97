import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compare } from "../../../compiler/diff/comparison.js";
import { formatPretty } from "../../../compiler/diff/formats.js";
import { fileSide } from "../../../compiler/diff/lists-side.js";
import type { Side } from "../../../compiler/diff/surface.js";

const folder = join(import.meta.dirname, "releases");
const today = join(import.meta.dirname, "..", "..", "e2e", "real-surfaces");

/** The lists of a release, without places: they are one line. */
function release(path: string): Side {
  return { ...fileSide("lists.json", readFileSync(path), () => undefined), spanOf: () => undefined };
}

/** Servers whose packages list other tools in an older release, which `releases/` has, than in the installed one. */
test.each(["modelcontextprotocol-server-filesystem", "chrome-devtools-mcp", "tavily-mcp"])(
  "%s: a maintainer reads what has changed since an older release",
  async (name) => {
    const [old, now] = [folder, today].map((from) => release(join(from, `${name}.json`)));
    const options = { color: false, verbose: true, strict: false };
    await expect(formatPretty(compare(old!, now!, false), options)).toMatchFileSnapshot(join(folder, `${name}.txt`));
  },
);
