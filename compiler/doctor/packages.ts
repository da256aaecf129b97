import { installCommand } from "../diagnostics/install-command.js";
import { installedVersion } from "../host-node/installed-version.js";
import { version } from "../package-folder.js";
import { error, ok, warning, type DoctorFinding, type Patient } from "./finding.js";

/** Checks Node, and the packages that the project needs. */
export function checkPackages({ root, server }: Patient): DoctorFinding[] {
  const oauth = server.runtime.auth?.oauth;
  return [
    nodeVersion(),
    ...["mcpc", "@mcpc/runtime"].map((name) => ownPackage(name, root)),
    ...(server.transports.http?.websocket ? [needed("ws", "WebSocket", root)] : []),
    ...(oauth && "algorithms" in oauth.check ? [needed("jose", "signed access tokens", root)] : []),
    ...(server.runtime.store ? [needed("redis", "runtime.store.redis", root)] : []),
    ...server.external.map((name) =>
      needed(name, name === "@opentelemetry/api" ? "runtime.telemetry" : "build.external", root),
    ),
    installedVersion("@types/node", root) === undefined
      ? warning(
          "@types/node is not installed",
          "handlers that use Node's modules need it: npm install --save-dev @types/node",
        )
      : ok("@types/node is installed"),
  ];
}

/** The oldest supported version, as in the `engines` of the packages. */
const oldestNode = [20, 12] as const;

function nodeVersion(): DoctorFinding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isSupported = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  return isSupported
    ? ok(`Node ${process.versions.node}`)
    : error(`Node ${process.versions.node} is too old`, `install Node ${oldestNode.join(".")} or newer`);
}

function ownPackage(name: string, root: string): DoctorFinding {
  const installed = installedVersion(name, root);
  if (installed === undefined)
    return error(`${name} is not installed in the project`, `npm install --save-dev ${name}@${version}`);
  return installed === version
    ? ok(`${name} ${installed}`)
    : error(
        `${name} is version ${installed}, and this is mcpc ${version}`,
        `npm install --save-dev ${name}@${version}`,
      );
}

function needed(name: string, reason: string, root: string): DoctorFinding {
  const installed = installedVersion(name, root);
  return installed === undefined
    ? error(`${name} is not installed, which ${reason} needs`, installCommand(name))
    : ok(`${name} ${installed}`);
}
