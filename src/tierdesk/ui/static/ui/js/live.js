// One event stream for all tabs of this browser: the tab that holds the lock listens and tells the others.
import { gettext } from "tierdesk/i18n";

const CHANNEL = "tierdesk-live";
const LOCK = "tierdesk-live-leader";
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const GATHER = 250; // ms in which several events of one topic become one refresh

/** @typedef {{topic: string, kind: string, position: number, ref?: string}} LiveEvent */

const channel = "BroadcastChannel" in window ? new BroadcastChannel(CHANNEL) : null;
let position = 0;
let state = "off";
/** @type {Map<string, number>} */
const waiting = new Map();

/** Start listening; `url` is the stream, `since` the position that the page was rendered at. */
export function startLive(/** @type {string} */ url, /** @type {number} */ since) {
  position = since;
  channel?.addEventListener("message", ({ data }) => {
    if (data.state) show(data.state);
    if (data.event) deliver(data.event);
    if (data.ask) channel.postMessage({ state });
  });
  document.addEventListener("tierdesk:event", (event) => refresh(/** @type {CustomEvent<LiveEvent>} */ (event).detail));
  document.addEventListener("visibilitychange", flush);
  window.addEventListener("offline", () => show("offline"));
  window.addEventListener("online", () => show("connecting"));
  show("connecting");
  if (navigator.locks && channel) {
    channel.postMessage({ ask: "state" });
    navigator.locks.request(LOCK, () => listen(url));
  } else {
    listen(url);
  }
}

/** Listen until the tab closes; comes back after a failure, each time a little later. */
function listen(/** @type {string} */ url) {
  let wait = FIRST_WAIT;
  let signedOut = false;
  const connect = () => {
    const source = new EventSource(`${url}?since=${position}`);
    source.addEventListener("open", () => {
      wait = FIRST_WAIT;
      tell({ state: "live" });
    });
    source.addEventListener("hello", ({ data }) => {
      position = Math.max(position, JSON.parse(data).position);
    });
    source.addEventListener("change", ({ data }) => tell({ event: JSON.parse(data) }));
    source.addEventListener("reset", ({ data }) => tell({ event: { kind: "reset", ...JSON.parse(data), topic: "*" } }));
    source.addEventListener("signed-out", () => {
      source.close();
      signedOut = true;
      tell({ state: "signed-out" });
    });
    source.addEventListener("error", () => {
      source.close();
      if (signedOut) return;
      tell({ state: navigator.onLine ? "connecting" : "offline" });
      setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  };
  connect();
  return new Promise(() => {}); // the lock is held as long as this tab lives
}

/** Tell every tab, this one too. */
function tell(/** @type {{state?: string, event?: LiveEvent}} */ message) {
  if (message.state) show(message.state);
  if (message.event) deliver(message.event);
  channel?.postMessage(message);
}

function deliver(/** @type {LiveEvent} */ event) {
  if (event.kind !== "reset" && event.position < position) return; // told already, by another tab
  position = event.position;
  document.dispatchEvent(new CustomEvent("tierdesk:event", { detail: event }));
}

/** Ask htmx to fetch what shows this topic: gathered, and only while the page is looked at. */
function refresh(/** @type {LiveEvent} */ event) {
  const topics = ["queue", event.topic, event.ref ? `ticket:${event.ref}` : ""].filter(Boolean);
  for (const element of document.querySelectorAll("[data-live]")) {
    const topic = /** @type {HTMLElement} */ (element).dataset.live || "";
    if (!topics.includes(topic) && event.topic !== "*") continue;
    if (waiting.has(topic)) continue;
    waiting.set(topic, window.setTimeout(() => fire(topic), GATHER + Math.random() * GATHER));
  }
}

function fire(/** @type {string} */ topic) {
  if (document.hidden) {
    waiting.set(topic, 0); // fetched when the page is looked at again
    return;
  }
  waiting.delete(topic);
  for (const element of document.querySelectorAll(`[data-live="${CSS.escape(topic)}"]`)) {
    element.dispatchEvent(new CustomEvent("live", { bubbles: false }));
  }
}

function flush() {
  if (document.hidden) return;
  for (const [topic, timer] of waiting) if (timer === 0) fire(topic);
}

/** Say in the page how the connection is; offline also as a line that cannot be overlooked. */
function show(/** @type {string} */ next) {
  state = next;
  const words = { live: gettext("Live"), connecting: gettext("Connecting…"), offline: gettext("You are offline"), "signed-out": gettext("Signed out") };
  const mark = document.getElementById("live-state");
  if (mark) {
    mark.hidden = false;
    mark.dataset.state = next;
    const text = mark.querySelector("[data-text]");
    if (text) text.textContent = words[/** @type {keyof typeof words} */ (next)] ?? "";
  }
  const line = document.getElementById("connection");
  if (!line) return;
  line.hidden = next !== "offline";
  line.replaceChildren();
  if (next === "offline") {
    const notice = document.createElement("div");
    notice.className = "notice";
    notice.dataset.level = "warning";
    notice.textContent = gettext("Offline. What you write is kept here.");
    line.append(notice);
  }
}

/** After the page's body was exchanged (history), show the state again. */
export function showAgain() {
  if (state !== "off") show(state);
}
