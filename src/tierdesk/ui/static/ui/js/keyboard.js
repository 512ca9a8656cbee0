// The keyboard first: every action of the desk has a key, none of them works while somebody types.

const GO_WAIT = 900; // ms in which the second key of "g q" counts
let goUntil = 0;

/** Listen for shortcuts on the whole page. */
export function startKeyboard() {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") return sendFrom(event);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return leave(event);
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const action = Date.now() < goUntil ? GO[event.key] : KEYS[event.key];
    goUntil = event.key === "g" ? Date.now() + GO_WAIT : 0;
    if (action && action() !== false) event.preventDefault();
  });
}

/** @type {Record<string, () => void | boolean>} */
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  Enter: () => openChosen(),
  r: () => write("reply"),
  n: () => write("note"),
  a: () => openMenu("assign-menu"),
  s: () => openMenu("status-menu"),
  p: () => click("[data-toggle-panel]"),
  c: () => go("newUrl"),
  "/": () => focus("#search"),
  "?": () => openDialog("shortcuts"),
};

/** @type {Record<string, () => void | boolean>} */
const GO = { q: () => go("queueUrl") };

/** Whether keys belong to a control just now. */
function isTyping(/** @type {EventTarget | null} */ target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=radio]), select, textarea"));
}

/** Choose the next or the previous row: focus follows, so that screen readers do too. */
function step(/** @type {number} */ by) {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("a[data-row]")]);
  if (!rows.length) return false;
  let at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (at < 0) at = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
  const row = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by))];
  row.focus({ preventScroll: true });
  row.closest("li")?.scrollIntoView({ block: "nearest" });
  return true;
}

function openChosen() {
  const chosen = document.activeElement;
  if (chosen instanceof HTMLElement && chosen.matches("a[data-row]")) chosen.click();
  else return false;
  return true;
}

/** Turn to the reply or the note and put the cursor into it. */
function write(/** @type {string} */ kind) {
  const choice = /** @type {HTMLInputElement | null} */ (document.getElementById(`compose-${kind}`));
  if (choice) {
    choice.checked = true;
    choice.dispatchEvent(new Event("change", { bubbles: true }));
  }
  return focus(`[data-draft="${kind}"]`);
}

function openMenu(/** @type {string} */ id) {
  const menu = document.getElementById(id);
  if (!(menu instanceof HTMLDetailsElement)) return false;
  menu.open = !menu.open;
  const first = /** @type {HTMLElement | null} */ (menu.querySelector(menu.open ? "select, button, input:not([type=hidden])" : "summary"));
  first?.focus();
  return true;
}

/** Open a native dialog by its id. */
export function openDialog(/** @type {string} */ id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

function focus(/** @type {string} */ selector) {
  const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  found?.focus();
  if (found instanceof HTMLInputElement) found.select();
  return Boolean(found);
}

function click(/** @type {string} */ selector) {
  const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  found?.click();
  return Boolean(found);
}

function go(/** @type {"queueUrl" | "newUrl"} */ name) {
  const url = document.body.dataset[name];
  if (url) window.location.assign(url);
}

/** Ctrl+Enter sends the form that is being written. */
function sendFrom(/** @type {KeyboardEvent} */ event) {
  const form = event.target instanceof HTMLTextAreaElement ? event.target.form : null;
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(/** @type {HTMLButtonElement | null} */ (form.querySelector("button[type=submit], button:not([type])")));
}

/** Escape: out of a menu, out of a text, never losing anything. */
function leave(/** @type {KeyboardEvent} */ event) {
  const menu = /** @type {HTMLDetailsElement | null} */ (document.querySelector("details[data-menu][open]"));
  if (menu) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
    event.preventDefault();
  } else if (isTyping(event.target)) {
    /** @type {HTMLElement} */ (event.target).blur();
  }
}
