"""What is wrong with a page, as far as a machine can see: accessibility, and what does not fit."""

from __future__ import annotations

from collections.abc import Iterator

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
CUT_OFF = """() => {
  const found = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) found.push(`the page scrolls sideways by ${wide} px`);
  for (const element of document.querySelectorAll('button, a.button, summary, label, h1, h2, .notice, .field')) {
    const box = element.getBoundingClientRect();
    const drawn = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    if (!box.width || !box.height || !drawn) continue;
    if (element.closest('.sr-only, .skip-link, [popover]:not(:popover-open), .row')) continue;
    if (box.right > innerWidth + 1 || box.left < -1) {
      found.push(`${element.tagName} “${element.textContent.trim().slice(0, 40)}” stands outside of the page`);
    } else if (element.matches('button, a.button, summary.button') && element.scrollWidth > element.clientWidth + 1) {
      found.push(`“${element.textContent.trim().slice(0, 40)}” does not fit its button`);
    }
  }
  return found;
}"""


def axe_faults(page: Page) -> Iterator[str]:
    """Violations of WCAG 2.2 A and AA, as axe sees them; rows that are not drawn yet are drawn for it."""
    page.evaluate("document.querySelectorAll('.row').forEach(row => row.style.contentVisibility = 'visible')")
    for violation in Axe().run(page, options=WCAG).response["violations"]:
        nodes = "; ".join(f"{node['html'][:160]} :: {node['failureSummary'][:300]}" for node in violation["nodes"][:3])
        yield f"axe {violation['id']} ({len(violation['nodes'])}): {nodes}"


def layout_faults(page: Page) -> Iterator[str]:
    """What scrolls sideways, stands outside of the page or is larger than its button."""
    yield from page.evaluate(CUT_OFF)
