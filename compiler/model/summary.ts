import type { JsonObject } from "./source.js";

/** The size of a project's server. */
export interface Summary {
  readonly name: string;
  readonly tools: number;
  readonly resources: number;
  readonly resourceTemplates: number;
  readonly prompts: number;
  /** The bundle, as a project path. */
  readonly bundle: string;
  readonly serving: Serving;
  /** Rules that projections lose, by profile and tool. */
  readonly losses: readonly ToolLosses[];
}

/** The rules that clients of a profile only find in descriptions. */
export interface ToolLosses {
  readonly profile: string;
  readonly tool: string;
  readonly rules: readonly string[];
}

/** The facts for a process that serves the project while it changes. */
export interface Serving {
  /** The folder of generated code. */
  readonly generated: string;
  /** Packages that stay outside the bundle. */
  readonly external: readonly string[];
  /** The module of hooks. */
  readonly hooks?: string;
  /** The declared settings, as JSON. */
  readonly config?: string;
  /** Settings that a process keeps for as long as it lives, as the manifest names them. */
  readonly fixed: JsonObject;
  /** Settings that it takes over while it runs. */
  readonly swapped: JsonObject;
}
