import type { Server } from "../model/server.js";

/** The outcome of one check of the environment. */
export interface DoctorFinding {
  /** `warning` does not stop a build or a server. */
  readonly status: "ok" | "warning" | "error";
  /** One line, lower case. */
  readonly message: string;
  /** An instruction; absent for `ok`. */
  readonly advice?: string;
}

/** The project, and its environment. */
export interface Patient {
  readonly root: string;
  readonly server: Server;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const ok = (message: string): DoctorFinding => ({ status: "ok", message });
export const warning = (message: string, advice: string): DoctorFinding => ({ status: "warning", message, advice });
export const error = (message: string, advice: string): DoctorFinding => ({ status: "error", message, advice });

/** Returns a value of the manifest, which may be in an environment variable. */
export function valueOf<T extends string | number>(
  value: T | { readonly env: string },
  env: Patient["env"],
): T | string | undefined {
  return typeof value === "object" ? env[value.env] : value;
}
