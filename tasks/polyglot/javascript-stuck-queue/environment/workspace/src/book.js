import { Queue } from "./queue.js";
import { Refusal } from "./errors.js";
import { inOrder, minutesFree, requireFree } from "./rules.js";

/** All bookings of all rooms. A change is in the journal before it is made. */
export class Book {
  #rooms;
  #journal;
  #bookings = new Map();
  #lastId = 0;
  #changes = new Queue();

  constructor(rooms, journal, entries = []) {
    this.#rooms = rooms;
    this.#journal = journal;
    for (const entry of entries) this.#apply(entry);
  }

  rooms() {
    const names = [...this.#rooms.keys()].sort();
    return names.map((name) => ({ name, seats: this.#rooms.get(name) }));
  }

  day(room, date) {
    this.#seats(room);
    const bookings = [...this.#bookings.values()].filter(
      (booking) => booking.room === room && booking.date === date,
    );
    return { bookings: inOrder(bookings), free: minutesFree(bookings) };
  }

  get(id) {
    const booking = this.#bookings.get(id);
    if (!booking) throw new Refusal(404, `there is no booking ${id}`);
    return booking;
  }

  add(wish) {
    return this.#changes.run(async () => {
      requireFree(wish, this.#seats(wish.room), [...this.#bookings.values()]);
      const booking = { id: this.#lastId + 1, ...wish };
      await this.#change({ add: booking });
      return booking;
    });
  }

  remove(id) {
    return this.#changes.run(async () => {
      await this.#change({ remove: this.get(id).id });
    });
  }

  async #change(entry) {
    await this.#journal.append(entry);
    this.#apply(entry);
  }

  #apply({ add, remove }) {
    if (add) {
      this.#bookings.set(String(add.id), add);
      this.#lastId = Math.max(this.#lastId, add.id);
    } else {
      this.#bookings.delete(String(remove));
    }
  }

  #seats(room) {
    const seats = this.#rooms.get(room);
    if (seats === undefined) throw new Refusal(404, `there is no room "${room}"`);
    return seats;
  }
}
