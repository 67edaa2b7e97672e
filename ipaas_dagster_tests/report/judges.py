"""Judges that run in the page. Contrast is as WCAG 2 computes it: 4.5 to 1 for text, 3 to 1 for large text."""

BEYOND_THE_EDGE = """() => [...document.querySelectorAll('main *')]
  .filter(e => !e.closest('thead, caption, .unseen') && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => `${e.tagName}.${e.className} ${e.textContent.slice(0, 40)}`)"""

TOO_FAINT = """() => {
  const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = parts(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.closest('svg, .unseen, .skip')) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const [one, other] = [light(parts(style.color)), light(ground(element))].sort((a, b) => b - a);
    const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < needed) faint.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return [...faint];
}"""
