/** A tool, whose handler has this body and says `said`; `files` are those of packages, below `node_modules/`. */
export interface Tool {
  readonly name: string;
  readonly handler: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Files beside the handlers. */
  readonly beside?: Readonly<Record<string, string>>;
  readonly said: string;
  /** Of the handler's file, if not `ts`. */
  readonly ending?: string;
  /** It says where its code is, or needs it as JavaScript: both are so in a bundle alone. */
  readonly needsBundle?: true;
}

const manifest = (tools: readonly Tool[], build?: object) => ({
  server: { name: "bundled", version: "1.0.0" },
  tools: tools.map(({ name, said }) => ({
    name,
    description: `Runs ${name}.`,
    inputSchema: { type: "object", properties: {} },
    examples: [{ arguments: {}, result: said }],
  })),
  ...(build && { build }),
});

/** A project of these tools. */
export function files(tools: readonly Tool[], build?: object): Record<string, unknown> {
  return {
    "package.json": { type: "module" },
    "a.mcp.json": manifest(tools, build),
    ...Object.fromEntries(
      tools.flatMap(({ beside = {} }) => Object.entries(beside).map(([path, text]) => [`src/tools/${path}`, text])),
    ),
    ...Object.fromEntries(
      tools.map(({ name, handler, ending = "ts" }) => [`src/tools/${name}.${ending}`, `// @ts-nocheck\n${handler}`]),
    ),
    ...Object.fromEntries(
      tools.flatMap(({ files = {} }) => Object.entries(files).map(([path, text]) => [`node_modules/${path}`, text])),
    ),
  };
}

/** The files of an ES package. */
export const esPackage = (name: string, code: string, more: object = {}) => ({
  [`${name}/package.json`]: JSON.stringify({ name, version: "1.0.0", type: "module", exports: "./index.js", ...more }),
  [`${name}/index.js`]: code,
});
/** The files of a CommonJS package. */
export const commonPackage = (name: string, code: string) => ({
  [`${name}/package.json`]: JSON.stringify({ name, version: "1.0.0" }),
  [`${name}/index.js`]: code,
});
