// File inputs: drop files anywhere on the form, see what is chosen, take one away, hear of too large ones before sending.
import { gettext, language } from "tierdesk/i18n";

/** Take care of every file input in the page, those that come later too. */
export function startFiles() {
  document.addEventListener("change", ({ target }) => {
    if (isFiles(target)) draw(target);
  });
  document.addEventListener("dragover", (event) => {
    const form = formUnder(event);
    if (!form || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.dataset.dropping = "";
  });
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      const form = formUnder(event);
      if (form) delete form.dataset.dropping;
    });
  }
  document.addEventListener("drop", (event) => {
    const form = formUnder(event);
    if (!form || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    add(form, [...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const form = event.target instanceof HTMLTextAreaElement ? event.target.form : null;
    const files = [...(event.clipboardData?.files ?? [])];
    if (form && files.length && form.querySelector("[data-files]")) {
      event.preventDefault();
      add(form, files);
    }
  });
}

/** @returns {target is HTMLInputElement} */
function isFiles(/** @type {unknown} */ target) {
  return target instanceof HTMLInputElement && target.type === "file" && Boolean(target.closest("[data-files]"));
}

function formUnder(/** @type {Event} */ event) {
  const form = event.target instanceof Element ? event.target.closest("form") : null;
  return form?.querySelector("[data-files]") ? form : null;
}

function add(/** @type {HTMLFormElement} */ form, /** @type {File[]} */ files) {
  const input = form.querySelector("[data-files] input[type=file]");
  if (!isFiles(input)) return;
  replace(input, [...(input.files ?? []), ...files]);
}

function replace(/** @type {HTMLInputElement} */ input, /** @type {File[]} */ files) {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
  draw(input);
}

/** Show the chosen files, and refuse those that do not fit. */
function draw(/** @type {HTMLInputElement} */ input) {
  const holder = /** @type {HTMLElement} */ (input.closest("[data-files]"));
  const limit = Number(holder.dataset.maxBytes || 0);
  const files = [...(input.files ?? [])];
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const largest = files.reduce((/** @type {File | null} */ found, file) => (found && found.size > file.size ? found : file), null);
  const tooLarge = limit > 0 && total > limit && largest;
  input.setCustomValidity(tooLarge ? gettext("%(name)s is too large: at most %(limit)s in all.", { name: largest.name, limit: size(limit) }) : "");
  if (tooLarge) input.reportValidity();
  const list = holder.querySelector("[data-file-list]");
  list?.replaceChildren(...files.map((file) => chip(input, file)));
}

function chip(/** @type {HTMLInputElement} */ input, /** @type {File} */ file) {
  const item = document.createElement("li");
  item.className = "attachment";
  const name = document.createElement("span");
  name.className = "truncate";
  name.textContent = file.name;
  const weight = document.createElement("span");
  weight.className = "size";
  weight.textContent = size(file.size);
  const away = document.createElement("button");
  away.type = "button";
  away.className = "button";
  away.dataset.kind = "quiet";
  away.dataset.square = "";
  away.setAttribute("aria-label", gettext("Remove %(name)s", { name: file.name }));
  away.title = away.getAttribute("aria-label") ?? "";
  away.textContent = "×";
  away.addEventListener("click", () => replace(input, [...(input.files ?? [])].filter((other) => other !== file)));
  item.append(name, weight, away);
  return item;
}

function size(/** @type {number} */ bytes) {
  const [value, unit] = bytes < 1024 ? [bytes, "byte"] : bytes < 1048576 ? [bytes / 1024, "kilobyte"] : [bytes / 1048576, "megabyte"];
  return new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: unit === "megabyte" ? 1 : 0 }).format(value);
}
