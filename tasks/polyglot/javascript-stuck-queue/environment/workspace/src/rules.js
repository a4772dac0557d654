// What may be booked. Times are compared as text: `HH:MM` sorts as the clock runs.

import { isDay, minutesBetween, minutesOf, OPENS, CLOSES } from "./clock.js";
import { Refusal } from "./errors.js";

const LONGEST = 4 * 60;
const LONGEST_NAME = 40;

const VALID = {
  room: ({ room }) => typeof room === "string",
  date: ({ date }) => isDay(date),
  from: ({ from }) => minutesOf(from) !== null,
  to: ({ from, to }) =>
    minutesOf(to) !== null && minutesBetween(from, to) > 0 && minutesBetween(from, to) <= LONGEST,
  who: ({ who }) => typeof who === "string" && who.trim() !== "" && [...who.trim()].length <= LONGEST_NAME,
  people: ({ people }) => Number.isInteger(people) && people >= 1,
};

/** Check a value against the rule for a field of that name. */
export function requireValid(field, values) {
  if (!VALID[field](values)) throw new Refusal(422, `${field} is not valid`);
}

/** A request to book, every field in its place. */
export function readWish(body) {
  const wish = { people: 1, ...body };
  for (const field of Object.keys(VALID)) requireValid(field, wish);
  const { room, date, from, to, who, people } = wish;
  return { room, date, from, to, who: who.trim(), people };
}

export function overlap(a, b) {
  return a.room === b.room && a.date === b.date && a.from < b.to && b.from < a.to;
}

/** Refuse a wish that the room is too small for, or that is in the way of one of these bookings. */
export function requireFree(wish, seats, bookings) {
  if (wish.people > seats) throw new Refusal(422, `${wish.room} has ${seats} seats`);
  const taken = inOrder(bookings.filter((booking) => overlap(wish, booking)))[0];
  if (taken) {
    throw new Refusal(409, `${taken.room} is taken from ${taken.from} to ${taken.to} by ${taken.who}`);
  }
}

export function inOrder(bookings) {
  return [...bookings].sort((a, b) => (a.from < b.from ? -1 : 1));
}

/** Minutes of the opening hours that these bookings of one day leave free. */
export function minutesFree(bookings) {
  return bookings.reduce((left, { from, to }) => left - minutesBetween(from, to), CLOSES - OPENS);
}
