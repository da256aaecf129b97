import { requiredVariables } from "../4-emit/variables.js";
import { error, ok, type DoctorFinding, type Patient } from "./finding.js";

/** Checks that each environment variable that the server needs to start is set. */
export function checkSettings({ server, env }: Patient): DoctorFinding[] {
  return requiredVariables(server).map((name) =>
    env[name] === undefined || env[name] === ""
      ? error(`${name} is not set`, "set it in the environment, or the setting in a file for --config")
      : ok(`${name} is set`),
  );
}
