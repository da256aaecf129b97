import { withHeader } from "../generated-header.js";
import { noCache, type Cache } from "../model/cache.js";
import type { Costs } from "../model/costs.js";
import type { Artifact } from "../model/output.js";
import type { Server } from "../model/server.js";
import { clientModule } from "./client.js";
import { declaration } from "./declarations.js";
import { healthModule } from "./health.js";
import { lockFile } from "./lock.js";
import { lazy } from "./lazy.js";
import type { ModuleForm } from "./module-form.js";
import { applicationModule, hasApplication } from "./runtime.js";
import { mainModule, serverModule } from "./server.js";
import { listingsModule, projectionsModule, surfaceModule } from "./surface.js";
import { typesModule } from "./types.js";
import { upstreamsModule } from "./upstreams.js";
import { validatorModules } from "./validator-modules.js";

/** Emits the generated code that the type check needs: all modules except data and validators. */
export function emitCode(server: Server, cache: Cache = noCache): Artifact[] {
  const { config, health } = server.runtime;
  return [
    generatedFile(server, "types", () => typesModule(server, cache)),
    generatedFile(server, "server", () => serverModule(server)),
    generatedFile(server, "main", () => mainModule(server)),
    generatedFile(server, "client", () => clientModule(server)),
    ...(health ? [generatedFile(server, "health", () => healthModule(server)!)] : []),
    ...(server.upstreams.length > 0 ? [generatedFile(server, "upstreams", () => upstreamsModule(server))] : []),
    ...(hasApplication(server)
      ? [
          generatedFile(server, "application", () =>
            applicationModule(server, config ? declaration(config.schema, "Settings of the server.") : ""),
          ),
        ]
      : []),
  ];
}

/** Emits the generated modules that contain no types. */
export function emitData(server: Server): Artifact[] {
  return [
    generatedFile(server, "surface", () => surfaceModule(server)),
    generatedFile(server, "listings", () => listingsModule(server)),
    ...(server.projections.length > 0 ? [generatedFile(server, "projections", () => projectionsModule(server))] : []),
  ];
}

export const lockPath = "mcpc.lock.json";

export function emitLock(server: Server, costs: Costs): Artifact {
  return {
    path: lockPath,
    owner: "artifact",
    inputs: server.fingerprint,
    content: lazy(() => lockFile(server, costs)),
  };
}

/** Generated code as a bundle needs it. */
export interface BundledCode {
  /** The texts of modules that a bundle has in another form than the disk, by name. */
  modules(form: Exclude<ModuleForm, "source">): Readonly<Record<string, () => string>>;
  /** The paths of the modules of entries' validators. */
  readonly validators: readonly string[];
}

export function bundledCode(server: Server): BundledCode {
  const { generated } = server.layout;
  return {
    modules: (form) => ({
      surface: () => surfaceModule(server, form),
      listings: () => listingsModule(server, form),
      projections: () => projectionsModule(server, form),
      server: () => serverModule(server, form),
    }),
    validators: validatorModules(server)
      .filter(({ name }) => name.startsWith("validators/"))
      .map(({ name }) => `${generated}/${name}.ts`),
  };
}

function generatedFile({ layout: { generated }, fingerprint }: Server, name: string, text: () => string): Artifact {
  return {
    path: `${generated}/${name}.ts`,
    owner: "generated",
    inputs: fingerprint,
    content: lazy(() => withHeader(text())),
  };
}
