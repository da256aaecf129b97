import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

test("the tests type-check", () => {
  // The native compiler, which the compiler package brings, takes a fifth of the time.
  const tsc = join(root, "compiler", "node_modules", "typescript", "bin", "tsc");
  expect(() => execFileSync("node", [tsc, "-p", join(root, "test"), "--noEmit"], { encoding: "utf8" })).not.toThrow();
});
