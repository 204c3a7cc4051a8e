// Draw the figures with sliders. Vega is fetched when the first of them comes near.
(() => {
  "use strict";
  const address = new URL("vega.js", document.currentScript.src);
  const WIDEST = 660; // px
  const NARROW = 500; // px, as in interactive.css
  let library;

  function load() {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
    return library;
  }

  // The text of the mark that the chart calls its readout.
  function readout(mark) {
    if (/^readout(_\d+)?_marks$/.test(mark.name)) return mark.items[0]?.text ?? "";
    for (const item of mark.items ?? []) {
      for (const inner of item.items ?? []) {
        const text = readout(inner);
        if (text !== undefined) return text;
      }
    }
    return undefined;
  }

  async function draw(figure) {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    const drawing = figure.querySelector(".interactive-drawing");
    const output = figure.querySelector(".interactive-readout");
    const inputs = [...figure.querySelectorAll("input")];
    const button = figure.querySelector(".interactive-reset");
    const columns = spec.layout?.columns ?? 1;
    const width = spec.layout ? "childWidth" : "width";
    let view;
    let narrow; // whether it was drawn for a narrow page

    function set(input) {
      view.signal(input.dataset.signal, Number(input.value));
      const digits = (input.step.split(".")[1] ?? "").length;
      const shown = Number(input.value).toFixed(digits).replace("-", "\u2212");
      input.parentElement.querySelector(".interactive-value").textContent = shown;
    }

    async function update() {
      await view.runAsync();
      output.textContent = readout(view.scenegraph().root);
    }

    async function fit() {
      const room = Math.min(drawing.clientWidth, WIDEST);
      if (room === 0) return; // in a tab that is not shown
      if (narrow !== room < NARROW) {
        narrow = room < NARROW;
        view?.finalize();
        if (spec.layout) spec.layout.columns = narrow ? 1 : columns;
        for (const legend of spec.legends ?? []) legend.columns = narrow ? 2 : 0;
        view = new vega.View(vega.parse(spec), { renderer: "svg", container: drawing });
        inputs.forEach(set);
        await view.runAsync();
      }
      for (let i = 0; i < 2; i++) { // labels of an axis may change on the way
        const rest = room - drawing.querySelector("svg").getBoundingClientRect().width;
        const share = rest / (spec.layout?.columns ?? 1);
        view.signal(width, Math.floor(view.signal(width) + share));
        await view.resize().runAsync();
      }
    }

    await fit();
    await update();
    for (const input of inputs) {
      input.disabled = false;
      input.addEventListener("input", () => {
        set(input);
        update();
      });
    }
    button.disabled = false;
    button.addEventListener("click", () => {
      for (const input of inputs) {
        input.value = input.defaultValue;
        set(input);
      }
      update();
    });
    figure.classList.add("interactive-drawn");
    figure.view = () => view; // for the tests, and for the curious

    // Wait for the end of a resize; the drawing itself must not cause the next one.
    let known = drawing.clientWidth;
    let timer;
    new ResizeObserver(() => {
      if (drawing.clientWidth === known) return;
      known = drawing.clientWidth;
      clearTimeout(timer);
      timer = setTimeout(fit, 100);
    }).observe(drawing);
  }

  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries.filter((e) => e.isIntersecting)) {
        near.unobserve(entry.target);
        load().then(() => draw(entry.target));
      }
    },
    { rootMargin: "1000px" },
  );
  document.querySelectorAll(".interactive").forEach((figure) => near.observe(figure));
})();
