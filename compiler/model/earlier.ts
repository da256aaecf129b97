/**
 * Whether an output file stands as the last build made it, of the same: then it need not be made again. What is asked for
 * is remembered as what this build made it of.
 */
export type Earlier = (path: string, madeOf: string) => boolean;

/** Whether an output file is as the last build left it, made of that where it is told. */
export type Untouched = (path: string, madeOf?: string) => boolean;
