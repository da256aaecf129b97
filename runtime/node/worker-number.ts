/** The environment variable that tells a worker its number. */
export const workerVariable = "MCPC_WORKER";

/**
 * Returns the number of this process among the workers of a server, from 1; `undefined` in any other process. A
 * restarted worker has the number of its predecessor.
 */
export function workerNumber(): number | undefined {
  // Processes that a worker starts inherit its variables, but not its channel to the primary process.
  const number = process.send === undefined ? undefined : process.env[workerVariable];
  return number === undefined ? undefined : Number(number);
}
