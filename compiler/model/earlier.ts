/**
 * Looks for the text of an output file, when the last build made it of the same and nobody touched it since: then it need
 * not be made again. What is asked for, `how` too, is remembered as what this build made it of.
 */
export type Earlier = (path: string, madeOf: string | Uint8Array, how?: string) => () => string | undefined;
