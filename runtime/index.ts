/** What the author of a handler imports. */
export { McpError, errorCodes, notImplemented } from "./protocol/errors.js";
export { result } from "./protocol/tool-result.js";
export type { ResultOptions, ToolResult } from "./protocol/tool-result.js";
export type { AuthenticateHook, Credentials, HookVerdict } from "./protocol/auth.js";
export type { ErrorCode } from "./protocol/errors.js";
export type {
  Annotations,
  AudioContent,
  BlobResourceContents,
  ContentBlock,
  EmbeddedResource,
  Icon,
  ImageContent,
  Implementation,
  Json,
  JsonObject,
  LoggingLevel,
  PromptMessage,
  ResourceLink,
  TextContent,
  TextResourceContents,
} from "./protocol/types.js";
export type {
  Application,
  ErrorHook,
  FailureContext,
  HealthCheck,
  Hooks,
  StartContext,
  StartHook,
  StopHook,
} from "./protocol/hooks.js";
export type { LeveledLogger, Logger } from "./protocol/logger.js";
export type {
  Auth,
  Cache,
  CallToolResult,
  ClientInformation,
  CompletionContext,
  CompletionHandler,
  Context,
  CreateMessageParams,
  CreateMessageResult,
  DeclaredErrors,
  Elicit,
  ElicitResult,
  GetPromptResult,
  Log,
  Notify,
  PromptContext,
  PromptHandler,
  PromptOutput,
  ReadResourceResult,
  ResourceContent,
  ResourceHandler,
  ResourceOutput,
  ResourceTemplateHandler,
  Root,
  SamplingMessage,
  ToolContext,
  ToolHandler,
  ToolOutput,
} from "./protocol/handlers.js";
