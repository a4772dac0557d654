/** Runs asynchronous jobs one at a time, in the order in which they come. */
export class Queue {
  #last = Promise.resolve();

  /** The job's own result, when its turn has come. */
  run(job) {
    this.#last = this.#last.then(job);
    return this.#last;
  }
}
