#!/usr/bin/env node
import * as modules from "node:module";
import { main } from "./command-line.js";

// Node 22 and later store compiled code in a folder of their own.
(modules as { enableCompileCache?: () => void }).enableCompileCache?.();
process.stdout.on("error", ignoreClosedPipe);
process.stderr.on("error", ignoreClosedPipe);
const { env, stdout, stderr } = process;
process.exitCode = await main(process.argv.slice(2), { cwd: process.cwd(), env, stdout, stderr });

/** Ends quietly if the reader of a pipe leaves early, as in `mcpc … | head`. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
