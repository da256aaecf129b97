#!/usr/bin/env node
import * as modules from "node:module";
import { main } from "./command-line.js";

// Node 22 and later keep compiled code, in their folder for that.
(modules as { enableCompileCache?: () => void }).enableCompileCache?.();
process.stdout.on("error", ignoreClosedPipe);
process.stderr.on("error", ignoreClosedPipe);
const { env, stdout, stderr } = process;
process.exitCode = await main(process.argv.slice(2), { cwd: process.cwd(), env, stdout, stderr });

/** `mcpc … | head` closes the pipe early: not an error. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
