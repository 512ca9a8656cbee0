// What somebody writes is never lost: kept on this device per ticket until the server has it. The height is kept too.
import { gettext } from "tierdesk/i18n";

const PAUSE = 400; // ms without a key before the draft is written down
const SIZE_KEY = "tierdesk:composer-height";
/** @type {WeakMap<HTMLTextAreaElement, number>} */
const timers = new WeakMap();
/** @type {WeakSet<HTMLTextAreaElement>} */
const ready = new WeakSet();

/** Take care of every composer in the page, those that come later too. */
export function startComposer() {
  document.addEventListener("input", ({ target }) => {
    if (!isDraft(target)) return;
    clearTimeout(timers.get(target));
    timers.set(target, window.setTimeout(() => keep(target), PAUSE));
  });
  document.addEventListener("pointerup", ({ target }) => {
    if (isDraft(target) && target.style.height) write(SIZE_KEY, target.style.height);
  });
  window.addEventListener("pagehide", () => document.querySelectorAll("textarea[data-draft]").forEach((area) => isDraft(area) && keep(area)));
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = /** @type {CustomEvent} */ (event).detail;
    const form = ctx.sourceElement;
    if (form instanceof HTMLFormElement && form.dataset.compose && ctx.response.status < 400) sent(form);
  });
  document.addEventListener("submit", ({ target }) => {
    // Without htmx (the new-ticket form) the browser leaves the page: mark the draft, the next page decides.
    if (target instanceof HTMLFormElement && target.dataset.compose === "new") {
      for (const area of target.querySelectorAll("textarea[data-draft]")) if (isDraft(area)) forget(area);
    }
  });
}

/** Bring back drafts and heights of the composers that are in the page now. */
export function restoreDrafts() {
  for (const area of document.querySelectorAll("textarea[data-draft]")) {
    if (!isDraft(area) || ready.has(area)) continue;
    ready.add(area);
    const height = read(SIZE_KEY);
    if (height && area.closest("[data-composer]")) area.style.height = height;
    const draft = read(draftKey(area));
    if (draft && !area.value.trim()) {
      area.value = draft;
      say(area, gettext("Draft kept"));
      const choice = document.getElementById(`compose-${area.dataset.draft}`);
      const other = document.querySelector('textarea[data-draft="reply"]');
      if (choice instanceof HTMLInputElement && !(isDraft(other) && other !== area && other.value)) choice.checked = true;
    }
  }
}

/** Whether something unsent stands in the open ticket's composer. */
export function hasUnsent() {
  return [...document.querySelectorAll("#composer textarea[data-draft]")].some((area) => isDraft(area) && area.value.trim() !== "");
}

/** @returns {target is HTMLTextAreaElement} */
function isDraft(/** @type {unknown} */ target) {
  return target instanceof HTMLTextAreaElement && Boolean(target.dataset.draft);
}

function draftKey(/** @type {HTMLTextAreaElement} */ area) {
  const ref = /** @type {HTMLElement | null} */ (area.closest("[data-composer]"))?.dataset.composer ?? "new";
  return `tierdesk:draft:${ref}:${area.dataset.draft}`;
}

function keep(/** @type {HTMLTextAreaElement} */ area) {
  if (area.value.trim()) {
    if (write(draftKey(area), area.value)) say(area, gettext("Draft kept"));
  } else {
    forget(area);
  }
}

function forget(/** @type {HTMLTextAreaElement} */ area) {
  clearTimeout(timers.get(area));
  try {
    localStorage.removeItem(draftKey(area));
  } catch {
    // storage is switched off: there is nothing to forget
  }
  say(area, "");
}

/** The server has it: the draft goes, the text field is empty, the newest entry is in sight. */
function sent(/** @type {HTMLFormElement} */ form) {
  for (const area of form.querySelectorAll("textarea[data-draft]")) {
    if (!isDraft(area)) continue;
    forget(area);
    area.value = "";
    area.style.height = read(SIZE_KEY) ?? "";
  }
  for (const input of form.querySelectorAll("input[type=file]")) {
    /** @type {HTMLInputElement} */ (input).value = "";
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  document.getElementById("timeline")?.scrollTo({ top: 0 });
}

function say(/** @type {HTMLTextAreaElement} */ area, /** @type {string} */ text) {
  const place = area.form?.querySelector("[data-draft-state]");
  if (place) place.textContent = text;
}

function read(/** @type {string} */ key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is switched off
  }
}

function write(/** @type {string} */ key, /** @type {string} */ value) {
  try {
    localStorage.setItem(key, value);
    return true;
  } catch {
    return false; // storage is full or switched off
  }
}
