// Formulas are written so that they fit a phone. Where there is more room, a line that only
// goes on joins the one before it. The steps of a derivation keep lines of their own.
(() => {
  if (!window.MathJax) return; // a page without formulas
  const COMPILE = 20; // MathJax's name for the step that reads TeX
  const room = matchMedia("(min-width: 768px) and (max-width: 1199px), (min-width: 1280px)");
  const texts = new Map(); // of the formulas whose lines can be joined, as written

  const joined = (tex) => tex
    .replace(/\\\\\s*&\s*\\q?quad\b/g, " ")
    .replace(/\\\\\s*&\s*(?=(?:\{\}\s*)?[+-])/g, " ")
    .replace(/&\s*\\\\\s*(?=\{\}\s*=)/g, " ")
    // The left side of an equation, alone in the first line
    .replace(/(\\begin\{aligned\}(?:(?!\\\\|&)[^])*)&(?!\s*(?:[&=]|\\[lg]e\b|\\sim\b))((?:(?!\\\\|&)[^])*)\\\\\s*(?=&\s*=)/, "$1$2 ");

  function chooseLines({ math }) {
    const tex = texts.get(math) ?? math.math;
    if (joined(tex) === tex) return;
    texts.set(math, tex);
    math.math = room.matches ? joined(tex) : tex;
  }

  MathJax.startup = {
    ready() {
      MathJax.startup.defaultReady();
      const { document: page, input } = MathJax.startup;
      for (const jax of [].concat(input)) jax.preFilters.add(chooseLines);
      room.addEventListener("change", () => {
        for (const math of texts.keys()) math.rerender(page, COMPILE);
      });
    },
  };
})();
