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

/* The sidebar of a phone closes with the Escape key, and the focus goes back to its button. */

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const side of ["primary", "secondary"]) {
    const box = document.getElementById(`pst-${side}-sidebar-checkbox`);
    const button = document.querySelector(`button.${side}-toggle`);
    const covers = matchMedia(`(max-width: ${side === "primary" ? 991 : 1199}.98px)`).matches;
    if (covers && box?.checked) {
      box.click();
      button?.focus();
    }
  }
});
