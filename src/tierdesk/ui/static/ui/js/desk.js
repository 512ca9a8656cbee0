// The desk's page: starts every part once, and looks after what htmx brings in later.
import { startClock } from "tierdesk/clock";
import { hasUnsent, restoreDrafts, startComposer } from "tierdesk/composer";
import { startFiles } from "tierdesk/files";
import { gettext } from "tierdesk/i18n";
import { openDialog, startKeyboard } from "tierdesk/keyboard";
import { showAgain, startLive } from "tierdesk/live";
import { startTheme } from "tierdesk/theme";

const WIDE = window.matchMedia("(min-width: 75rem)");
const PANEL_BESIDE = window.matchMedia("(min-width: 85rem)");
const TOAST_TIME = 6000;
const root = document.documentElement;

/** Refresh the parts of the page that scripts add to, after each exchange. */
function attend() {
  for (const hidden of document.querySelectorAll("[data-opens], [data-collapse-views]")) /** @type {HTMLElement} */ (hidden).hidden = false;
  restoreDrafts();
  noteRead();
  for (const toast of document.querySelectorAll("[data-toast]:not([data-leaving])")) {
    /** @type {HTMLElement} */ (toast).dataset.leaving = "";
    if (!toast.matches('[data-level="error"]')) setTimeout(() => toast.remove(), TOAST_TIME);
  }
}

/** Tell the server that the conversation on the screen has been read, once for each time that something was new. */
function noteRead() {
  const timeline = document.getElementById("timeline");
  const token = /** @type {HTMLInputElement | null} */ (document.querySelector("input[name=csrfmiddlewaretoken]"));
  if (!timeline || !token || document.visibilityState !== "visible") return;
  const { readUrl, ref } = timeline.dataset;
  showAsRead(ref);
  if (!readUrl) return;
  delete timeline.dataset.readUrl;
  fetch(readUrl, { method: "POST", headers: { "X-CSRFToken": token.value }, keepalive: true }).catch(() => {});
}

/** The open ticket's row says "unread" no longer, even where the list was made just before the server knew. */
function showAsRead(/** @type {string | undefined} */ ref) {
  const row = document.getElementById(`row-${ref}`);
  row?.removeAttribute("data-unread");
  for (const mark of row?.querySelectorAll("[data-unread-mark]") ?? []) mark.remove();
}

/** Open at the first unread entry; the scroller itself starts at the newest. */
function showFirstUnread() {
  const timeline = document.getElementById("timeline");
  const line = document.getElementById("first-new");
  if (!timeline) return;
  if (line) timeline.scrollTop += line.getBoundingClientRect().top - timeline.getBoundingClientRect().top - 24;
}

/** Remember a choice about the layout on this device. */
function remember(/** @type {"views" | "panel"} */ part, /** @type {string} */ value) {
  root.dataset[part] = value;
  try {
    localStorage.setItem(`tierdesk:${part}`, value);
  } catch {
    // storage is switched off: the choice lasts until the next page
  }
}

function recall() {
  for (const part of ["views", "panel"]) {
    try {
      const value = localStorage.getItem(`tierdesk:${part}`);
      if (value) root.dataset[part] = value;
    } catch {
      return; // storage is switched off
    }
  }
}

function onClick(/** @type {MouseEvent} */ event) {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(target)) /** @type {HTMLDetailsElement} */ (menu).open = false;
  }
  const opener = /** @type {HTMLElement | null} */ (target.closest("[data-opens]"));
  if (opener) openDialog(opener.dataset.opens ?? "");
  if (target.closest("[data-collapse-views]")) remember("views", root.dataset.views === "collapsed" ? "shown" : "collapsed");
  if (target.closest("[data-toggle-panel]") && PANEL_BESIDE.matches) {
    event.preventDefault();
    remember("panel", root.dataset.panel === "hidden" ? "shown" : "hidden");
  }
  if (target instanceof HTMLDialogElement) target.close();
  openBeside(event, target);
}

/** On a wide screen a row opens beside the list; otherwise, and with a modifier key, it is a plain link. */
function openBeside(/** @type {MouseEvent} */ event, /** @type {Element} */ target) {
  const row = target.closest("a[data-row]");
  const plain = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!row || plain || !WIDE.matches || !document.getElementById("ticket-pane")) return;
  event.preventDefault();
  for (const other of document.querySelectorAll("a[data-row]")) {
    other.closest("li")?.toggleAttribute("data-selected", other === row);
    if (other === row) other.setAttribute("aria-current", "true");
    else other.removeAttribute("aria-current");
  }
  row.dispatchEvent(new CustomEvent("open", { bubbles: false }));
}

/** A fold that somebody opened stays open when the page is refreshed around it. */
function onToggle(/** @type {Event} */ event) {
  const fold = event.target;
  if (fold instanceof HTMLDetailsElement && fold.matches("[data-keep], [data-menu]")) fold.toggleAttribute("hx-morph-skip", fold.open);
}

function toast(/** @type {string} */ text) {
  const note = document.createElement("div");
  note.className = "notice";
  note.dataset.level = "error";
  note.dataset.toast = "";
  note.setAttribute("role", "alert");
  note.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button";
  close.dataset.kind = "quiet";
  close.textContent = gettext("Close");
  close.addEventListener("click", () => note.remove());
  note.append(close);
  document.getElementById("toasts")?.append(note);
}

function explain(/** @type {number} */ status) {
  if (status === 401 || status === 403) return gettext("You are not signed in any more. Sign in again in another tab, then send.");
  if (status === 404) return gettext("This was not found. It may have been moved.");
  if (status === 429) return gettext("Too many requests. Please wait a moment and try again.");
  return gettext("The server could not do that (%(status)s). Nothing was lost; please try again.", { status });
}

/** What htmx does, told to people: errors, and the ticket that has just been opened. */
function watchHtmx() {
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    if (ctx.request.method === "GET") return;
    for (const kept of document.querySelectorAll("#ticket [hx-morph-skip]")) {
      kept.removeAttribute("hx-morph-skip");
      if (kept.matches("[data-menu]")) /** @type {HTMLDetailsElement} */ (kept).open = false;
    }
  });
  document.addEventListener("htmx:response:error", (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    const { status } = ctx.response;
    if (![409, 422].includes(status) && ctx.sourceEvent?.type !== "live") toast(explain(status));
  });
  document.addEventListener("htmx:error", (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    if (ctx?.sourceEvent?.type === "submit") toast(gettext("Sending did not work. Your text is still here; please try again."));
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    attend();
    if (ctx.sourceEvent?.type === "open") opened();
    else if (ctx.sourceEvent?.type === "live") followVersion();
    else if (document.getElementById("live-state")?.dataset.state === "off") showAgain();
  });
}

function opened() {
  const workspace = document.getElementById("workspace");
  if (workspace) workspace.dataset.view = "ticket";
  showFirstUnread();
}

/** Somebody else changed the ticket. While nothing is being written here, the forms may follow; otherwise the server asks. */
function followVersion() {
  const seen = document.querySelector("#ticket-header input[name=version]");
  if (!(seen instanceof HTMLInputElement) || hasUnsent()) return;
  for (const input of document.querySelectorAll("#composer input[name=version]")) /** @type {HTMLInputElement} */ (input).value = seen.value;
}

recall();
startTheme();
startKeyboard();
startComposer();
startFiles();
startClock();
watchHtmx();
document.addEventListener("click", onClick);
document.addEventListener("toggle", onToggle, true);
document.addEventListener("visibilitychange", noteRead);
attend();
showFirstUnread();
if ("liveSince" in document.body.dataset) startLive(document.body.dataset.liveUrl ?? "/live", Number(document.body.dataset.liveSince));
