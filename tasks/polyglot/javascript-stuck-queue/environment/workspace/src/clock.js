// Days and times as people write them. No time zone has a part in it.

const QUARTER = 15;

export const OPENS = 7 * 60;
export const CLOSES = 20 * 60;

function matched(pattern, text) {
  return typeof text === "string" ? pattern.exec(text) : null;
}

/** Minutes since midnight of `HH:MM` on a quarter of an hour within the opening hours, else `null`. */
export function minutesOf(text) {
  const match = matched(/^([0-9]{2}):([0-9]{2})$/, text);
  if (!match) return null;
  const [hours, minutes] = [Number(match[1]), Number(match[2])];
  if (minutes > 59 || minutes % QUARTER !== 0) return null;
  const time = hours * 60 + minutes;
  return time < OPENS || time > CLOSES ? null : time;
}

/** How many minutes lie between two times that `minutesOf` knows. */
export function minutesBetween(from, to) {
  return minutesOf(to) - minutesOf(from);
}

function daysIn(year, month) {
  if (month === 2) {
    const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
    return leap ? 29 : 28;
  }
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Whether this is a day of the calendar, `YYYY-MM-DD`. */
export function isDay(text) {
  const match = matched(/^([0-9]{4})-([0-9]{2})-([0-9]{2})$/, text);
  if (!match) return false;
  const [year, month, day] = match.slice(1).map(Number);
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}
