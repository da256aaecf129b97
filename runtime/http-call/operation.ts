/** A way to write an array or an object as text, by the names of OpenAPI. */
export type ParameterStyle = "simple" | "label" | "matrix" | "form" | "spaceDelimited" | "pipeDelimited" | "deepObject";

/** An argument of a tool that is sent as a part of a request. */
export interface HttpParameter {
  readonly in: "path" | "query" | "header" | "cookie";
  /** The name in the request. */
  readonly name: string;
  /** The name of the tool's argument, if it is another one. */
  readonly argument?: string;
  /** Default: `form` in queries and cookies, `simple` in paths and headers. */
  readonly style?: ParameterStyle;
  /** Whether each item or property is written apart. Default: only for the style `form`. */
  readonly explode?: boolean;
  /** Whether the value is written as JSON. */
  readonly json?: boolean;
  /** Whether a query keeps the characters `:/?#[]@!$&'()*+,;=` as they are. */
  readonly allowReserved?: boolean;
}

/** The argument of a tool that is sent as the body of a request. */
export interface HttpBody {
  /** The media type. */
  readonly type: string;
  /** The name of the tool's argument. */
  readonly argument: string;
  /** The styles of a form's properties, where they are not the default. */
  readonly encoding?: Readonly<
    Record<string, { readonly style?: ParameterStyle; readonly explode?: boolean; readonly contentType?: string }>
  >;
  /** The properties of a `multipart/form-data` form that are files: base64, alone or in a list. */
  readonly files?: readonly string[];
}

/** A secret that authenticates a call. Settings are the names of members of `runtime.config`. */
export type HttpCredential =
  | { readonly in: "header" | "query" | "cookie"; readonly name: string; readonly setting: string }
  | { readonly in: "bearer"; readonly setting: string }
  | { readonly in: "basic"; readonly username: string; readonly password: string };

/** The description of an HTTP request, and of the arguments and settings that it is made of. */
export interface HttpOperation {
  readonly method: string;
  /** The setting with the URL that paths are appended to. */
  readonly baseUrl: string;
  /** A path with parameters in braces, such as `/pets/{id}`. */
  readonly path: string;
  readonly parameters?: readonly HttpParameter[];
  readonly body?: HttpBody;
  /** Headers that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Alternatives: the first one whose settings are all there is used. An empty one needs none. */
  readonly security?: readonly (readonly HttpCredential[])[];
  /** Whether a response is the value that `outputSchema` describes. Otherwise the result is content. */
  readonly structured?: boolean;
  /** The longest response, in bytes (default: 4 MiB). */
  readonly maxResponseBytes?: number;
}
