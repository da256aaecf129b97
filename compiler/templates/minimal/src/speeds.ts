/** Words per minute, by the speed of the reader. */
export const speeds = { slow: 150, average: 230, fast: 400 };
