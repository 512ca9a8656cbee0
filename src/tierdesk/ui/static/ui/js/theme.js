// Light, dark, or like the device: changed at once, then kept by the server through the same form.

/** Make the theme buttons act without a reload. */
export function startTheme() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("themeSwitch" in form.dataset)) return;
    const button = /** @type {HTMLButtonElement | null} */ (/** @type {SubmitEvent} */ (event).submitter);
    if (!button) return;
    event.preventDefault();
    const theme = button.value;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    for (const other of form.querySelectorAll("button[name=theme]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    const body = new URLSearchParams([...new FormData(form, button)].map(([name, value]) => [name, String(value)]));
    await fetch(form.action, { method: "POST", body, redirect: "manual", headers: { "HX-Request": "true" } });
  });
}
