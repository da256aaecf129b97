import { printable } from "../protocol/logger.js";
import { standardOutput } from "./standard-output.js";

/** Ends the process with what somebody asked to see. */
export function print(text: string): never {
  standardOutput().write(printable(text));
  process.exit(0);
}

/** Ends the process with what whoever started it must put right. */
export function fail(message: string): never {
  process.stderr.write(`${printable(message)}\n`);
  process.exit(2);
}
