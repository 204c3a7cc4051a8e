/* What scrolls sideways can be scrolled with the keyboard, and shows that there is more.

   Code, tables and formulas scroll by themselves where they are wider than the page. Such a
   box becomes a stop of the Tab key, with a name for screen readers, for as long as there
   is something to scroll: also when it is unfolded, comes up in a tab, or gets its formula.
   It has the class has-more while something is out of sight to the right. */

document.addEventListener("DOMContentLoaded", () => {
  const names = {
    "pre": "Code",
    "div.math": "Formula",
    ".pst-scrollable-table-container": "Table",
    ".output.text_html": "Output",
  };
  const kind = (box) => Object.keys(names).find((selector) => box.matches(selector));

  const lookRight = (box) => {
    const rest = box.scrollWidth - box.clientWidth - box.scrollLeft;
    box.classList.toggle("has-more", rest > 1);
  };

  const update = (box) => {
    lookRight(box);
    if (box.scrollWidth > box.clientWidth + 1) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", `${names[kind(box)]}, scrolls sideways`);
    } else if (box.offsetParent) {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  };

  const boxes = document.querySelectorAll(`:is(${Object.keys(names)})`);
  const resized = new ResizeObserver((entries) => entries.forEach((e) => update(e.target)));
  for (const box of boxes) {
    resized.observe(box);
    box.addEventListener("scroll", () => lookRight(box), { passive: true });
  }
  // Formulas are set after the page is there, and their fonts come later still.
  const again = () => boxes.forEach(update);
  window.MathJax?.startup?.promise?.then(again);
  document.fonts.addEventListener("loadingdone", again);
});

/* The sheets of a phone close with the Escape key, and the focus goes back to their button.
   They close, too, when a link in them is followed. */

const SHEETS = { primary: "(max-width: 991.98px)", secondary: "(max-width: 1199.98px)" };

function closeSheet(side) {
  const box = document.getElementById(`pst-${side}-sidebar-checkbox`);
  const isOpen = matchMedia(SHEETS[side]).matches && box?.checked;
  if (isOpen) box.click();
  return isOpen;
}

document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  for (const side in SHEETS)
    if (closeSheet(side)) document.querySelector(`button.${side}-toggle`)?.focus();
});
document.addEventListener("click", ({ target }) => {
  for (const side in SHEETS) if (target.closest(`.bd-sidebar-${side} a`)) closeSheet(side);
});

/* In the bar of a phone, a line as long as what has been read of the page. */

document.addEventListener("DOMContentLoaded", () => {
  const line = document.querySelector(".read-so-far");
  const grow = () => {
    const rest = document.documentElement.scrollHeight - innerHeight;
    line.style.scale = `${rest && scrollY / rest} 1`;
  };
  if (line) addEventListener("scroll", grow, { passive: true });
});

/* A link into a page leads to its place, also while formulas and figures above still grow. */

document.addEventListener("DOMContentLoaded", () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const article = document.querySelector("article");
  if (!target || !article) return;
  const grows = new ResizeObserver(() => target.scrollIntoView({ behavior: "instant" }));
  grows.observe(article);
  const stop = () => grows.disconnect();
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"])
    addEventListener(kind, stop, { once: true, passive: true });
  setTimeout(stop, 10_000);
});

/* What a search found: its words, whole and in all their forms, also on the page itself. */

// "angles" also finds "angle", and "calibrated" finds "calibration".
function wordPattern(query, inAllForms = true) {
  const letter = "[\\p{L}\\p{N}]";
  const words = query.trim().split(/\s+/).map((word) => {
    const whole = word.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");
    if (!inAllForms || word.length < 4) return whole;
    return `${whole.length > 4 ? whole.replace(/(?:ing|ed|s)$/, "") : whole}${letter}*`;
  });
  const all = inAllForms ? `(?:${words.join("|")})` : words.join("\\s+");
  return new RegExp(`(?<!${letter})${all}(?!${letter})`, "giu");
}

document.addEventListener("DOMContentLoaded", () => {
  const query = new URLSearchParams(location.search).get("highlight");
  if (!query || !window.Highlight) return;
  const found = new Highlight();
  const texts = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const { 0: word, index } of texts.currentNode.data.matchAll(wordPattern(query))) {
      const range = new Range();
      range.setStart(texts.currentNode, index);
      range.setEnd(texts.currentNode, index + word.length);
      found.add(range);
    }
  }
  CSS.highlights.set("found", found);
});

/* On paper a page is always light. */

{
  const { dataset } = document.documentElement;
  let theme;
  addEventListener("beforeprint", () => {
    theme = dataset.theme;
    dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    dataset.theme = theme;
  });
}
