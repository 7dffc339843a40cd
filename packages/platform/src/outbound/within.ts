/** Rejects when `work` is not done within so many milliseconds. The work itself goes on, unobserved. */
export async function within<Result>(work: Promise<Result>, milliseconds: number): Promise<Result> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`took longer than ${milliseconds} ms`)), milliseconds);
  work.catch(() => {});
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
