// Texts in the reader's language, from the JSON that the page carries. Texts are listed in ui/js_messages.py.

/** @type {Record<string, string | Record<string, string>> | undefined} */
let texts;

/** @returns {Record<string, string | Record<string, string>>} */
function catalogue() {
  if (!texts) {
    const holder = document.getElementById("messages");
    texts = holder ? JSON.parse(holder.textContent || "{}") : {};
  }
  return /** @type {Record<string, string | Record<string, string>>} */ (texts);
}

/** @param {string} text @param {Record<string, string | number>} values */
function fill(text, values) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * The text in the reader's language with its `%(name)s` filled in.
 * @param {string} text
 * @param {Record<string, string | number>} [values]
 */
export function gettext(text, values = {}) {
  const found = catalogue()[text];
  return fill(typeof found === "string" ? found : text, values);
}

/**
 * The form of a counted text that fits `count` in the reader's language.
 * @param {string} singular
 * @param {string} plural
 * @param {number} count
 * @param {Record<string, string | number>} [values]
 */
export function ngettext(singular, plural, count, values = {}) {
  const forms = catalogue()[singular];
  const category = new Intl.PluralRules(language()).select(count);
  const text = typeof forms === "object" ? (forms[category] ?? forms.other) : count === 1 ? singular : plural;
  return fill(text, { count, ...values });
}

/** The page's language. */
export function language() {
  return document.documentElement.lang || "en";
}
