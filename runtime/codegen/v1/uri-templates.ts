/** URI templates, for the compiler: parsed, and matched as a server matches them. */
export { isRequired, parseUriTemplate, templateVariables } from "../../protocol/uri-template.js";
export type { Expression, UriTemplate } from "../../protocol/uri-template.js";
export { uriMatcher } from "../../protocol/uri-matcher.js";
