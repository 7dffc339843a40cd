/** One sentence per problem, beginning with `file:line: ` where that applies; empty when all is well. */
export type Problems = string[];

export type Check = { name: string; run: (root: string) => Promise<Problems> };
