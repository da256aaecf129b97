/** URI templates for the compiler, with the parser and the matcher of servers. */
export { isRequired, parseUriTemplate, templateVariables } from "../../protocol/uri-template.js";
export type { Expression, UriTemplate } from "../../protocol/uri-template.js";
export { uriMatcher } from "../../protocol/uri-matcher.js";
