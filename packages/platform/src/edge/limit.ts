/** So many requests of one caller within a window. */
export type Limit = {
  /** Stable: names the limit in headers and in stores. Lower-case letters and hyphens. */
  name: string;
  /** Requests a window admits, 1 to 1,000,000. */
  cap: number;
  /** Length of the window, 1 to 86,400. It begins with a caller's first request. */
  seconds: number;
};

/** What became of one request. */
export type Verdict = {
  admitted: boolean;
  limit: Limit;
  /** Requests left in this window, as far as this server knows. */
  remaining: number;
  /** Milliseconds until the window ends. */
  resetsIn: number;
  /** Milliseconds after which a refused request may be tried again; default: when the window ends. */
  retryIn?: number;
};

/** A limit, and what is left for when it is used up. */
export type BurstLimit = {
  limit: Limit;
  /** So many more, in a window of its own that is longer. */
  burst?: Limit | undefined;
};

/** What a store says after counting. */
export type Taken = {
  /** Points taken in the window, with these, by all servers; more than the cap when it is used up. */
  taken: number;
  /** Milliseconds until the window ends. */
  resetsIn: number;
};

/** Counts for all servers. */
export type LimitStore = {
  /**
   * Takes points of one caller's limit, atomically.
   *
   * @param key 32 bytes; tells neither limit nor caller
   * @throws when the store cannot be asked
   */
  take(key: Buffer, points: number, limit: Limit): Promise<Taken>;
};
