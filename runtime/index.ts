/** What the author of a handler imports. */
export { McpError, errorCodes, notImplemented } from "./protocol/errors.js";
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
  CallToolResult,
  ClientInformation,
  Context,
  DeclaredErrors,
  GetPromptResult,
  Log,
  PromptHandler,
  PromptOutput,
  ResourceContent,
  ResourceHandler,
  ResourceOutput,
  ResourceTemplateHandler,
  ToolContext,
  ToolHandler,
  ToolOutput,
} from "./protocol/handlers.js";
