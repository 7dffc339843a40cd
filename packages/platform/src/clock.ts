/** Milliseconds since the Unix epoch. Passed in wherever behaviour depends on time, so that a test can set it. */
export type Clock = () => number;

export const systemClock: Clock = Date.now;
