/** Where a build keeps what the next one can use, relative to the project: ignored by version control, and by everybody else. */
export const cacheFolder = "node_modules/.cache/mcpc";
