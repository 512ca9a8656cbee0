// "5 minutes ago" grows older while the page stays open. Exact times stand in the title and never change.
import { gettext, language } from "tierdesk/i18n";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Renew every relative time once a minute. */
export function startClock() {
  const renew = () => document.hidden || document.querySelectorAll("time[data-relative]").forEach((time) => tick(/** @type {HTMLTimeElement} */ (time)));
  setInterval(renew, MINUTE);
  document.addEventListener("visibilitychange", renew);
}

function tick(/** @type {HTMLTimeElement} */ time) {
  const delta = new Date(time.dateTime).getTime() - Date.now();
  if (Math.abs(delta) >= DAY) return;
  const words = Math.abs(delta) < MINUTE ? gettext("just now") : relative(delta);
  if (time.textContent !== words) time.textContent = words;
}

function relative(/** @type {number} */ delta) {
  const format = new Intl.RelativeTimeFormat(language(), { style: "short", numeric: "always" });
  const minutes = Math.round(delta / MINUTE);
  return Math.abs(minutes) < 90 ? format.format(minutes, "minute") : format.format(Math.round(minutes / 60), "hour");
}
