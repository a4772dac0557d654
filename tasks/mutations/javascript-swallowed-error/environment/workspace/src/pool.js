import { KeepError } from "./errors.js";

const AT_A_TIME = 4;

/** Does a job for every item, a few at a time, to the last, as `{ item, value }` or `{ item, error }` in order. */
export async function settle(items, job) {
  const outcomes = new Array(items.length);
  let next = 0;
  async function work() {
    while (next < items.length) {
      const index = next;
      next += 1;
      const item = items[index];
      try {
        outcomes[index] = { item, value: await job(item) };
      } catch (error) {
        outcomes[index] = { item, error };
      }
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return outcomes;
}

/** The values of a job for items with a path. When all are done, throws for those that failed. */
export async function all(items, job) {
  const outcomes = await settle(items, job);
  const failed = outcomes.filter(({ error }) => error !== undefined);
  if (failed.length > 0) {
    throw new KeepError(...failed.map(({ item, error }) => `${item.path}: ${error.message}`));
  }
  return outcomes.map(({ value }) => value);
}
