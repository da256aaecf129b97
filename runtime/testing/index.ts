/** The imports of a test of a server, for a client in the test's own process. */
export { createClient } from "./client.js";
export type { Client, ClientOptions, Completing, ResourcesOf } from "./client.js";
export type { Answers, Elicited } from "./answers.js";
export { ToolError } from "./errors.js";
export type { Events, LogMessage } from "./events.js";
export type {
  AnySurface,
  CallOptions,
  Content,
  Progress,
  PromptCall,
  ResourceContents,
  SurfaceTypes,
  ToolCall,
} from "./surface.js";
export { text } from "./text.js";
export type { Reachable, Target } from "./wire.js";
