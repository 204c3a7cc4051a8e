// Draw the figures that move. Vega is fetched when the first of them comes near.
(() => {
  "use strict";
  const address = new URL("vega.js", document.currentScript.src);
  const WIDEST = 660; // px
  const NARROW = 500; // px, as in interactive.css
  const LOW = 190; // px, as in interactive.py
  const REACH = 30; // px from a handle within which it is taken
  const SLOP = 8; // px that a finger moves to the side before a line follows it
  const ENDS = ["pointerup", "pointercancel"];
  const FRAME = 450; // ms that a played figure stands still
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
    const { handles = [], play: played, words = {} } = spec.usermeta ?? {};
    const drawing = figure.querySelector(".interactive-drawing");
    const output = figure.querySelector(".interactive-readout");
    const inputs = [...figure.querySelectorAll("input")];
    const reset = figure.querySelector(".interactive-reset");
    const play = figure.querySelector(".interactive-play");
    const columns = spec.layout?.columns ?? 1;
    const width = spec.width ? "width" : "childWidth";
    const high = spec.signals.find((signal) => signal.name === "childHeight")?.value;
    const slider = (name) => inputs.find((input) => input.dataset.signal === name);
    let view;
    let narrow; // whether it was drawn for a narrow page

    function set(input) {
      const name = input.dataset.signal;
      view.signal(name, Number(input.value));
      const digits = (input.step.split(".")[1] ?? "").length;
      const word = words[name]?.[input.value - input.min];
      if (word) input.setAttribute("aria-valuetext", word);
      const shown = word ?? Number(input.value).toFixed(digits).replace("-", "\u2212");
      input.parentElement.querySelector(".interactive-value").textContent = shown;
    }

    async function update() {
      await view.runAsync();
      output.textContent = readout(view.scenegraph().root);
      handles.forEach(place);
    }

    async function fit() {
      const room = Math.min(drawing.clientWidth, WIDEST);
      if (room === 0) return; // in a tab that is not shown
      if (narrow !== room < NARROW) {
        narrow = room < NARROW;
        view?.finalize();
        if (spec.layout) spec.layout.columns = narrow ? 1 : columns;
        view = new vega.View(vega.parse(spec), { renderer: "svg", container: drawing });
        if (columns > 1) view.signal("childHeight", narrow ? LOW : high);
        inputs.forEach(set);
        await view.runAsync();
      }
      for (let i = 0; i < 2; i++) { // labels of an axis may change on the way
        const rest = room - drawing.querySelector("svg").getBoundingClientRect().width;
        const share = rest / (spec.layout?.columns ?? 1);
        view.signal(width, Math.floor(view.signal(width) + share));
        await view.resize().runAsync();
      }
      handles.forEach(place);
    }

    // --- Handles: points to take hold of, or lines to move anywhere in their view ------

    // From the pixels of a view to those of the window.
    function frame({ view: name }) {
      const group = name ? `g.${name}group` : "g.mark-group.root";
      return drawing.querySelector(`${group} path.background`).getScreenCTM();
    }

    function middle(handle) {
      const scale = (axis) => view.scale(handle.view + axis);
      const foot = scale("y").range()[0];
      const x = scale("x")(view.signal(handle.x));
      const y = handle.y ? scale("y")(view.signal(handle.y)) : foot;
      return new DOMPoint(x, y).matrixTransform(frame(handle));
    }

    function place(handle) {
      const { x, y } = middle(handle);
      const stage = drawing.parentElement.getBoundingClientRect();
      handle.grip.style.translate = `${x - stage.left}px ${y - stage.top}px`;
      if (!handle.anywhere) return;
      const [left, right] = view.scale(`${handle.view}x`).range();
      const top = frame(handle);
      Object.assign(handle.ground.style, {
        left: `${top.e + left - stage.left}px`,
        top: `${top.f - stage.top}px`,
        width: `${right - left}px`,
        height: `${view.scale(`${handle.view}y`).range()[0] + 12}px`,
      });
    }

    async function move(handle, x, y) {
      const point = new DOMPoint(x, y).matrixTransform(frame(handle).inverse());
      for (const axis of "xy") {
        const scale = view.scale(handle.view + axis);
        view.signal(`pointer_${axis}`, scale.invert?.(point[axis]) ?? 0);
      }
      await view.runAsync();
      for (const [name, signal] of Object.entries(handle.move)) {
        slider(name).value = view.signal(signal);
        set(slider(name));
      }
      await update();
    }

    let wanted; // the last move that was asked for while another was being drawn
    let moving = false;
    async function follow(...position) {
      wanted = position;
      if (moving) return;
      moving = true;
      while (wanted) {
        const next = wanted;
        wanted = undefined;
        await move(...next);
      }
      moving = false;
    }

    function take(event) {
      const distance = (handle) => {
        const { x, y } = middle(handle);
        return Math.hypot(x - event.clientX, y - event.clientY);
      };
      const points = handles.filter((h) => !h.anywhere && distance(h) < REACH);
      const handle =
        points.sort((a, b) => distance(a) - distance(b))[0] ??
        handles.find((h) => h.ground === event.target);
      if (!handle || event.button) return;
      event.preventDefault();
      stop();
      const { x, y } = middle(handle); // a point is moved from where it was taken
      const off = handle.anywhere ? [0, 0] : [x - event.clientX, y - event.clientY];
      const stage = event.currentTarget;
      stage.setPointerCapture(event.pointerId);
      stage.classList.add("interactive-dragging");
      // A finger beside a line may be about to scroll the page.
      let sure = !handle.anywhere || event.pointerType !== "touch";
      const at = (e) => {
        sure ||= e.type === "pointerup" || Math.abs(e.clientX - event.clientX) > SLOP;
        if (sure) follow(handle, e.clientX + off[0], e.clientY + off[1]);
      };
      const end = (e) => {
        stage.classList.remove("interactive-dragging");
        stage.removeEventListener("pointermove", at);
        for (const name of ENDS) stage.removeEventListener(name, end);
        if (handle.anywhere && e.type === "pointerup") at(e);
      };
      stage.addEventListener("pointermove", at);
      for (const name of ENDS) stage.addEventListener(name, end);
      if (handle.anywhere) at(event);
    }

    for (const handle of handles) {
      handle.grip = document.createElement("span");
      handle.grip.className = "interactive-grip";
      handle.grip.style.setProperty("--grip", handle.color);
      handle.ground = document.createElement("span");
      handle.ground.className = "interactive-ground";
      const parts = handle.anywhere ? [handle.ground, handle.grip] : [handle.grip];
      drawing.parentElement.append(...parts);
    }
    drawing.parentElement.addEventListener("pointerdown", take);

    // --- Play -------------------------------------------------------------------------

    let timer;
    function stop() {
      clearInterval(timer);
      timer = undefined;
      output.ariaLive = "polite";
      if (play) play.textContent = "Play";
    }

    function step() {
      const input = slider(played);
      input.stepUp();
      set(input);
      update();
      if (input.value === input.max) stop();
    }

    play?.addEventListener("click", () => {
      if (timer) return stop();
      const input = slider(played);
      if (input.value === input.max) input.value = Number(input.min) - 1;
      output.ariaLive = "off"; // not every frame is to be read out
      play.textContent = "Pause";
      timer = setInterval(step, FRAME);
      step();
    });

    await fit();
    await update();
    for (const input of inputs) {
      input.addEventListener("input", () => {
        stop();
        set(input);
        update();
      });
    }
    reset.addEventListener("click", () => {
      stop();
      for (const input of inputs) {
        input.value = input.defaultValue;
        set(input);
      }
      update();
    });
    for (const control of [...inputs, reset, play]) if (control) control.disabled = false;
    figure.classList.add("interactive-drawn");
    figure.view = () => view; // for the tests, and for the curious

    // Wait for the end of a resize; the drawing itself must not cause the next one.
    let known = drawing.clientWidth;
    let resized;
    new ResizeObserver(() => {
      if (drawing.clientWidth === known) return;
      known = drawing.clientWidth;
      clearTimeout(resized);
      resized = setTimeout(fit, 100);
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
