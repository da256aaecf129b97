import type { Server } from "../model/server.js";
import { literal } from "./code.js";
import { isChunked, type ModuleForm } from "./module-form.js";

/** The parts of `generated/surface.ts` that import validators on the first use of an entry. */
export interface ValidatorImports {
  readonly imports: readonly string[];
  /** The runtime's types of the constants. */
  readonly types: readonly string[];
  readonly constants: readonly string[];
  /** Members of the surface. */
  readonly members: readonly string[];
}

/** Entries of a kind that have validators, each with the type of its handler, which names its module. */
interface Kind {
  readonly name: "tool" | "template" | "prompt";
  readonly entries: readonly (readonly [key: string, type: string])[];
}

export function validatorImports(server: Server, form: ModuleForm): ValidatorImports {
  const kinds = kindsOf(server).filter(({ entries }) => entries.length > 0);
  if (form === "source") return ofSource(kinds);
  return isChunked(form) ? ofChunks(kinds, form) : ofSingleFile(kinds);
}

function kindsOf({ tools, resourceTemplates, prompts }: Server): Kind[] {
  return [
    { name: "tool", entries: tools.map(({ name, handler }) => [name, handler.type]) },
    { name: "template", entries: resourceTemplates.map(({ uriTemplate, handler }) => [uriTemplate, handler.type]) },
    {
      name: "prompt",
      entries: prompts.flatMap(({ name, source, elicitations }) =>
        "handler" in source && elicitations.length > 0 ? [[name, source.handler.type] as const] : [],
      ),
    },
  ];
}

function typeOf({ name }: Kind): string {
  return `${name[0]!.toUpperCase()}${name.slice(1)}Validators`;
}

function ofSource(kinds: readonly Kind[]): ValidatorImports {
  return {
    imports: [],
    types: kinds.map(typeOf).sort(),
    constants: kinds.map((kind) => {
      const rows = kind.entries.map(
        ([key, type]) => `  [${literal(key)}, () => import(${literal(`./validators/${type}.js`)})],\n`,
      );
      return `const ${kind.name}Validators = new Map<string, () => Promise<${typeOf(kind)}>>([\n${rows.join("")}]);\n\n`;
    }),
    members: kinds.map(({ name }) => `${name}Validators: (key) => ${name}Validators.get(key)!(),`),
  };
}

/** Prints static imports, which spare a bundle esbuild's helper for dynamic imports. */
function ofSingleFile(kinds: readonly Kind[]): ValidatorImports {
  const types = kinds.flatMap(({ entries }) => entries.map(([, type]) => type));
  return {
    imports: types.map((type, index) => `import * as $${index} from ${literal(`./validators/${type}.js`)};\n`),
    types: [],
    constants: kinds.map(({ name, entries }) => {
      const rows = entries.map(([key, type]) => `[${literal(key)}, $${types.indexOf(type)}]`);
      return `const ${name}Validators = new Map([${rows.join(", ")}]);\n`;
    }),
    members: kinds.map(({ name }) => `${name}Validators: (key) => Promise.resolve(${name}Validators.get(key)),`),
  };
}

/**
 * Prints imports of chunks, loaded on the first use of an entry. An `import()` would start Node's loader of ES modules.
 */
function ofChunks(kinds: readonly Kind[], format: "cjs" | "esm"): ValidatorImports {
  const load =
    format === "cjs"
      ? "Promise.resolve().then(() => require(path))"
      : // A variable, so that esbuild does not resolve the path.
        "import(path)";
  const members = { tool: "tools", template: "resourceTemplates", prompt: "prompts" };
  return {
    imports: [],
    types: [],
    constants: [
      `const chunk = (type) => {\n  const path = \`./chunks/validators/\${type}.js\`;\n  return ${load};\n};\n`,
      ...kinds.map(({ name, entries }) => {
        const types = literal(entries.map(([, type]) => type).join(" "));
        const keys =
          name === "prompt"
            ? literal(entries.map(([key]) => key))
            : `surface.${members[name]}.map((entry) => entry.${name === "tool" ? "name" : "uriTemplate"})`;
        return (
          `let ${name}Types;\nconst ${name}Type = (key) => {\n` +
          `  const types = ${types}.split(" ");\n` +
          `  return (${name}Types ??= new Map(${keys}.map((key, index) => [key, types[index]]))).get(key);\n};\n`
        );
      }),
    ],
    members: kinds.map(({ name }) => `${name}Validators: (key) => chunk(${name}Type(key)),`),
  };
}
