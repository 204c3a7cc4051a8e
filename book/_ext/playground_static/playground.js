// The playground: points, a network that learns them in a worker, and pictures of both.
(() => {
  "use strict";
  const G = 160; // columns and rows of the map
  const A_PRESS = 600; // steps
  const FEWEST = 8; // points to train on
  const MOST = 1200;
  const GAP = 0.015; // between points of one stroke, of the width of the square
  const OWN = { name: "Your own points", axes: ["x", "y"], low: [0, 0], high: [1, 1], look: 0.5 };
  const LINKED = "Someone drew these points. Press Train to see what the two networks make of them.";
  // The example of each step of the guide; the second and third speak of what training shows.
  const GUIDE = ["inverse", "inverse", "inverse", "forward", "own"];
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const DEFAULTS = { K: 3, H: 16, least: -1.5, rate: -2, seed: 1 };
  const LIMITS = { K: [1, 12], H: [2, 60], least: [-3, -0.5], rate: [-3, -1], seed: [1, 20] };

  const isHeld = (i) => Number(i % 4 === 3); // one point in four
  const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
  const clamp = (v, low, high) => Math.min(high, Math.max(low, v));
  const put = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  // --- Numbers and links --------------------------------------------------------------

  const fixed = (v, digits) => v.toFixed(digits).replace("-", "\u2212");
  const digitsFor = (range) => clamp(2 - Math.floor(Math.log10(range)), 0, 4);

  function ticks(low, high) {
    const rough = Math.abs(high - low) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
    const first = Math.ceil(Math.min(low, high) / step);
    const last = Math.floor(Math.max(low, high) / step);
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    return Array.from({ length: last - first + 1 }, (_, i) => {
      const value = (first + i) * step;
      return [value, fixed(value || 0, digits)];
    });
  }

  // Twelve bits for x, eleven for y, one for whether it is held out: four digits to a point
  const pack = (points) =>
    points
      .flatMap(([x, y, held]) => [Math.round(4095 * x), 2 * Math.round(2047 * y) + held])
      .map((v) => DIGITS[v >> 6] + DIGITS[v & 63])
      .join("");
  const unpack = (text) =>
    (text.match(/[\w-]{4}/g) ?? []).slice(0, MOST).map((four) => {
      const [a, b, c, d] = [...four].map((digit) => DIGITS.indexOf(digit));
      return [(64 * a + b) / 4095, (32 * c + (d >> 1)) / 2047, d & 1];
    });

  // --- What the density says at one input ---------------------------------------------

  // Peaks of a density on a grid: where, how high, and the probability between the valleys.
  function peaks(p) {
    const found = [];
    const total = p.reduce((sum, v) => sum + v, 0);
    let mass = 0;
    let top = 0;
    for (let i = 0; i < p.length; i++) {
      mass += p[i];
      if (p[i] > p[top]) top = i;
      const valley = p[i] <= (p[i + 1] ?? 0) && i > top && p[i] < 0.6 * p[top];
      if (valley || i === p.length - 1) {
        found.push({ at: (top + 0.5) / p.length, height: p[top], share: mass / total });
        [mass, top] = [0, i + 1];
      }
    }
    return found.filter((peak) => peak.share > 0.02);
  }

  function densityAt(view, u, rows) {
    const { K, parameters } = view;
    const at = 3 * K * clamp(Math.floor(u * view.G), 0, view.G - 1);
    return Float64Array.from({ length: rows }, (_, r) => {
      let p = 0;
      for (let k = 0; k < K; k++) {
        const [pi, mu, sigma] = [0, K, 2 * K].map((o) => parameters[at + o + k]);
        p += (pi / sigma) * Math.exp(-0.5 * (((r + 0.5) / rows - mu) / sigma) ** 2);
      }
      return p / Math.sqrt(2 * Math.PI);
    });
  }

  // --- A playground -------------------------------------------------------------------

  function build(figure) {
    const find = (selector) => figure.querySelector(selector);
    const examples = JSON.parse(find(".playground-data").textContent);
    const [map, losses, words, progress] = ["map", "loss", "words", "progress"].map((n) =>
      find(`.playground-${n}`),
    );
    const buttons = {};
    for (const button of figure.querySelectorAll("[data-do]")) {
      buttons[button.dataset.do] = button;
    }
    const full = Boolean(buttons.link);
    for (const found of Object.values(examples)) {
      const flat = found.points.map((v) => v / 9999);
      found.points = Array.from({ length: flat.length / 2 }, (_, i) => {
        return [flat[2 * i], flat[2 * i + 1], isHeld(i)];
      });
    }
    const random = mixtureDensityNetworks().generator(1); // for samples and the brush
    const draws = Array.from({ length: 400 }, () => [random(), random(), random(), random()]);

    let state = { example: "inverse", edited: false, points: [], ...DEFAULTS };
    let plane;
    let view; // what the worker last said; undefined before the first step
    let history;
    let run = 0; // the number of this training; answers of earlier ones come too late
    let news = {}; // for the worker
    let [running, waiting, target] = [false, false, 0];
    let [tool, sampling] = ["", false];
    let cursor = [0.5, 0.5];
    let note = ""; // what was just done, to be said first
    let said = ""; // the note on the screen
    let changed = ""; // what made learning start over
    let linked = false; // someone else's points
    let fewer = true; // components for points of one's own, the first time
    let worker;
    let colors;

    const value = (d, v) => plane.low[d] + v * (plane.high[d] - plane.low[d]);
    const place = (d, v) => (v - plane.low[d]) / (plane.high[d] - plane.low[d]);
    const told = (d, v) => fixed(value(d, v), digitsFor(Math.abs(plane.high[d] - plane.low[d])));
    const unit = () => Math.log(Math.abs(plane.high[1] - plane.low[1]));
    const floor = () => (state.edited ? undefined : (plane.floor ?? undefined));
    const settings = () => ({
      K: state.K,
      H: state.H,
      least: 10 ** state.least,
      rate: 10 ** state.rate,
    });

    // --- Training ---

    function begin(what = "") {
      changed = view ? what : "";
      sampling = false;
      run += 1;
      [view, history, target] = [undefined, [], A_PRESS];
      news = {};
    }

    function ask(steps) {
      if (!worker) {
        const code = `${mixtureDensityNetworks}; mixtureDensityNetworks().serve(self);`;
        worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
        worker.onmessage = ({ data }) => answer(data);
      }
      const first = { settings: settings(), points: state.points, seed: state.seed };
      worker.postMessage({ run, steps, G, ...(view ? news : { start: first }) });
      news = {};
      waiting = true;
    }

    let drawn = 0;
    function answer(data) {
      waiting = false;
      if (data.run === run) {
        const shift = unit();
        for (const name of ["train", "held", "squares", "squaresHeld"]) data[name] += shift;
        view = data;
        history.push(data);
        if (running && view.step >= target) {
          running = false;
          target += A_PRESS;
        }
        if (!running || !still.matches || performance.now() - drawn > 1000) draw();
        if (!running) say();
      }
      if (running) requestAnimationFrame(tick);
    }

    // At first step by step, then faster: that is where one sees something.
    function tick() {
      if (!running || waiting) return;
      const step = view?.step ?? 0;
      ask(Math.min(still.matches && step ? A_PRESS : 1 + Math.floor(step / 100), target - step));
    }

    function start() {
      if (state.points.length < FEWEST) {
        note = `Draw at least ${FEWEST} points first.`;
        say();
        return;
      }
      running = !running;
      if (running) tick();
      say();
      refresh();
    }

    function step() {
      if (running || waiting) return;
      if (state.points.length >= FEWEST) ask(1);
      else start(); // says what is missing
    }

    // --- The steps of the guide ---

    const list = find(":scope > ol");
    const steps = full && list ? [...list.children] : [];
    const aside = document.createElement("li"); // on an example that no step speaks of
    if (steps.length) {
      list.append(aside);
      list.classList.add("playground-guided");
    }
    let now = 0;

    const untrained = (i) => (i === 1 || i === 2) && !view && !running;

    function turn(to) {
      now = to;
      if (GUIDE[to] === "inverse" && (linked || state.example !== "inverse")) choose("inverse");
      if (untrained(to)) start();
      refresh();
    }

    function guide() {
      if (!steps.length) return;
      put(aside, linked ? LINKED : (plane.says ?? ""));
      const away = aside.textContent !== "";
      for (const [i, item] of [...steps, aside].entries()) {
        const shows = i === (away ? steps.length : now);
        item.classList.toggle("playground-now", shows);
      }
      put(find(".playground-where"), away ? "" : `Step ${now + 1} of ${steps.length}`);
      put(
        buttons.next,
        away ? "To the guide" : untrained(now + 1) ? "Train and go on" : "Next",
      );
      buttons.back.disabled = away || now === 0;
      buttons.next.disabled = !away && now === steps.length - 1;
    }

    // --- Points ---

    function choose(example) {
      state = { ...state, example, edited: example === "own" };
      plane = examples[example] ?? OWN;
      state.points = plane.points?.slice() ?? [];
      cursor = [clamp(place(0, plane.look), 0, 1), 0.5];
      [running, linked] = [false, false];
      tool = example === "own" ? "draw" : "";
      begin("Example");
      show();
    }

    // What the reader chooses; the guide goes there.
    function pick(example) {
      if (example === "own" && fewer) {
        if (Object.entries(DEFAULTS).every(([name, v]) => state[name] === v)) state.K = 2;
        fewer = false;
      }
      if (GUIDE[now] !== example) now = Math.max(0, GUIDE.indexOf(example));
      choose(example);
    }

    function edited() {
      state.edited = true;
      if (view && state.points.length >= FEWEST) {
        news.points = state.points;
        if (!running && !waiting) ask(0);
      } else begin();
      if (state.points.length < FEWEST) running = false;
      draw();
    }

    function add(point) {
      if (state.points.length >= MOST) return;
      const { length } = state.points;
      state.points.push([...point.map((v) => clamp(v, 0, 1)), isHeld(length)]);
      edited();
    }

    function remove(point, radius, all = false) {
      const far = ([u, v]) => Math.hypot(u - point[0], v - point[1]);
      const before = state.points.length;
      if (all) state.points = state.points.filter((p) => far(p) > radius);
      else {
        const distances = state.points.map(far);
        const nearest = distances.indexOf(Math.min(...distances));
        if (distances[nearest] <= radius) state.points.splice(nearest, 1);
      }
      if (state.points.length < before) edited();
      return before - state.points.length;
    }

    // --- Words ---

    function describe() {
      const { length } = state.points;
      const name = plane.name + (state.edited && state.example !== "own" ? ", changed" : "");
      if (length < FEWEST) return `${name}: ${counted(length, "point")} so far.`;
      if (!view && changed) return `${changed} changed, so learning starts over. Press Train.`;
      if (!view) return `${name}: ${length} points. Press Train.`;
      const p = densityAt(view, cursor[0], 400);
      const found = peaks(p);
      const shares = found.map((f) => `${told(1, f.at)} (${Math.round(100 * f.share)}%)`);
      const count = counted(found.length, "peak");
      const line = view.curve[clamp(Math.floor(cursor[0] * G), 0, G - 1)];
      const ratio = Math.max(...p) / p[clamp(Math.floor(line * 400), 0, 399)];
      const many = ratio > 1000 ? "more than 1,000" : Math.round(ratio);
      return (
        `After ${counted(view.step, "step")}. At ${plane.axes[0]} = ${told(0, cursor[0])}: ` +
        `${count}, near ${shares.join(" and ")}. ` +
        `Regression: ${told(1, line)}` +
        (ratio > 1.95 ? `, where the density is ${many} times below its top.` : ".")
      );
    }

    function describeLosses() {
      const parts = [
        `density network ${fixed(view.train, 2)}`,
        ...(view.held > -Infinity ? [`on points kept aside ${fixed(view.held, 2)}`] : []),
        `regression ${fixed(view.squares, 2)}`,
        ...(floor() === undefined ? [] : [`best possible ${fixed(floor(), 2)}`]),
      ];
      return `Loss in nats after ${view.step} steps: ${parts.join(", ")}.`;
    }

    let timer;
    function say() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        put(words, [note, running ? "Learning." : describe()].filter(Boolean).join(" "));
        [said, note] = [note, ""];
        if (view && losses) losses.setAttribute("aria-label", describeLosses());
        refresh();
      }, 150);
    }

    // --- Pictures ---

    function readColors() {
      const style = getComputedStyle(figure);
      const read = (name) => style.getPropertyValue(`--playground-${name}`).trim();
      const ramp = read("ramp")
        .split(" ")
        .map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
      const table = new Uint32Array(1024);
      const bytes = new Uint8ClampedArray(table.buffer);
      for (let i = 0; i < 1024; i++) {
        const at = (i / 1023) * (ramp.length - 1);
        const [low, share] = [Math.min(Math.floor(at), ramp.length - 2), at];
        for (let c = 0; c < 3; c++) {
          bytes[4 * i + c] = ramp[low][c] + (share - low) * (ramp[low + 1][c] - ramp[low][c]);
        }
        bytes[4 * i + 3] = 255;
      }
      const names = ["ink", "muted", "rule", "point", "line", "density", "sample", "ground"];
      colors = { table, font: style.getPropertyValue("--book-sans") };
      for (const name of names) colors[name] = read(name);
    }

    function canvas(element) {
      const { clientWidth: width, clientHeight: height } = element;
      const ratio = Math.min(window.devicePixelRatio || 1, 2.5);
      const [w, h] = [width, height].map((v) => Math.round(v * ratio));
      if (element.width !== w || element.height !== h) [element.width, element.height] = [w, h];
      const pen = element.getContext("2d");
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      pen.font = `13px ${colors.font}`;
      pen.lineJoin = "round";
      return { pen, width, height };
    }

    // The square, and beside it the strip where the density at one input stands.
    function frame() {
      const { clientWidth: width, clientHeight: height } = map;
      const strip = clamp(0.2 * width, 64, 150);
      const [left, top, bottom] = [40, 24, height - 38];
      return { left, top, bottom, right: width - strip - 12, end: width - 4 };
    }

    const image = document.createElement("canvas");
    [image.width, image.height] = [G, G];
    const pixels = image.getContext("2d").createImageData(G, G);
    const packed = new Uint32Array(pixels.data.buffer);

    function path(pen, points) {
      pen.beginPath();
      points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    }

    function drawMap() {
      const { pen, width, height } = canvas(map);
      if (!width) return;
      const { left, top, bottom, right, end } = frame();
      const X = (u) => left + u * (right - left);
      const Y = (v) => bottom - v * (bottom - top);

      pen.save();
      pen.beginPath();
      pen.roundRect(left, top, right - left, bottom - top, 6);
      pen.clip();
      pen.fillStyle = colors.ground;
      pen.fillRect(left, top, right - left, bottom - top);
      if (view) {
        for (let i = 0; i < G * G; i++) packed[i] = colors.table[view.map[i]];
        image.getContext("2d").putImageData(pixels, 0, 0);
        pen.imageSmoothingEnabled = true;
        pen.imageSmoothingQuality = "high";
        pen.drawImage(image, left, top, right - left, bottom - top);
      }
      const radius = width < 480 ? 1.5 : 2;
      pen.fillStyle = pen.strokeStyle = colors.point;
      pen.globalAlpha = view ? 0.55 : 0.85;
      state.points.forEach(([u, v, held]) => {
        pen.beginPath();
        pen.arc(X(u), Y(v), held ? radius + 0.4 : radius, 0, 7);
        if (view) {
          pen.strokeStyle = colors.ground; // an edge, for where the density is dark
          pen.lineWidth = held ? 2.5 : 1.5;
          pen.stroke();
          pen.strokeStyle = colors.point;
          pen.lineWidth = 1;
        }
        if (held) pen.stroke();
        else pen.fill();
      });
      pen.globalAlpha = 1;
      if (view) {
        drawMeans(pen, X, Y);
        if (sampling) drawSamples(pen, X, Y);
        const curve = Array.from(view.curve, (v, i) => [X((i + 0.5) / G), Y(v)]);
        path(pen, curve);
        for (const [color, thick] of [[colors.ground, 6], [colors.line, 3]]) {
          pen.strokeStyle = color;
          pen.lineWidth = thick;
          pen.stroke();
        }
      }
      if (state.points.length) {
        pen.strokeStyle = colors.ink;
        pen.lineWidth = 1.25;
        pen.setLineDash([4, 3]);
        path(pen, [[X(cursor[0]), top], [X(cursor[0]), bottom]]);
        pen.stroke();
        pen.setLineDash([]);
      }
      if ((tool && state.points.length) || map.matches(":focus-visible")) {
        pen.strokeStyle = colors.ink;
        pen.lineWidth = 1.5;
        const [x, y] = [X(cursor[0]), Y(cursor[1])];
        path(pen, [[x - 9, y], [x + 9, y]]);
        pen.stroke();
        path(pen, [[x, y - 9], [x, y + 9]]);
        pen.stroke();
      }
      if (!state.points.length) {
        pen.fillStyle = colors.muted;
        pen.textAlign = "center";
        pen.font = `16px ${colors.font}`;
        pen.fillText("Draw here", (left + right) / 2, (top + bottom) / 2 - 24);
      }
      pen.restore();

      pen.strokeStyle = colors.rule;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.roundRect(left, top, right - left, bottom - top, 6);
      pen.stroke();
      pen.fillStyle = colors.muted;
      for (const [v, text] of ticks(plane.low[0], plane.high[0])) {
        pen.textAlign = place(0, v) > 0.97 ? "right" : "center";
        pen.fillText(text, X(place(0, v)), bottom + 16);
      }
      pen.textAlign = "right";
      for (const [v, text] of ticks(plane.low[1], plane.high[1])) {
        pen.fillText(text, left - 6, Y(place(1, v)) + 4);
      }
      pen.fillStyle = colors.ink;
      pen.textAlign = "right";
      pen.fillText(`${plane.axes[0]} \u2192`, right, bottom + 32);
      pen.textAlign = "left";
      pen.fillText(`\u2191 ${plane.axes[1]}`, 4, 14);
      if (!view) return;
      pen.textAlign = "right";
      let x = end;
      for (const [text, color] of [["density", "density"], ["regression", "line"]]) {
        pen.fillStyle = colors[color];
        pen.fillText(text, x, 14);
        x -= pen.measureText(text).width + 14;
      }
      if (sampling) {
        pen.fillStyle = colors.ink;
        pen.fillText("samples", x, 14);
        x -= pen.measureText("samples").width + 7;
        pen.fillStyle = colors.sample;
        pen.beginPath();
        pen.arc(x, 10, 3.5, 0, 7);
        pen.fill();
      }
      drawSlice(pen, Y, right + 12, end, top, bottom);
    }

    // The means of the components, each as strong as its weight.
    function drawMeans(pen, X, Y) {
      const { K, parameters } = view;
      pen.strokeStyle = colors.ink;
      pen.lineWidth = 1.6;
      for (let k = 0; k < K; k++) {
        for (let i = 1; i < G; i++) {
          const [before, now] = [3 * K * (i - 1) + k, 3 * K * i + k];
          const weight = parameters[now];
          if (weight < 0.04) continue;
          pen.globalAlpha = 0.8 * weight;
          path(pen, [
            [X((i - 0.5) / G), Y(parameters[before + K])],
            [X((i + 0.5) / G), Y(parameters[now + K])],
          ]);
          pen.stroke();
        }
      }
      pen.globalAlpha = 1;
    }

    // Each sample keeps its random numbers, so it moves as the network learns.
    function drawSamples(pen, X, Y) {
      const { K, parameters } = view;
      pen.fillStyle = colors.sample;
      for (const [where, which, one, two] of draws) {
        const u = state.points[Math.floor(where * state.points.length)][0];
        const at = 3 * K * clamp(Math.floor(u * G), 0, G - 1);
        let [k, below] = [0, parameters[at]];
        while (k < K - 1 && below < which) below += parameters[at + ++k];
        const noise = Math.sqrt(-2 * Math.log(1 - one)) * Math.cos(2 * Math.PI * two);
        pen.beginPath();
        pen.arc(X(u), Y(parameters[at + K + k] + parameters[at + 2 * K + k] * noise), 2, 0, 7);
        pen.fill();
      }
    }

    function drawSlice(pen, Y, from, to, top, bottom) {
      const rows = 300;
      const p = densityAt(view, cursor[0], rows);
      const line = view.curve[clamp(Math.floor(cursor[0] * G), 0, G - 1)];
      const bell = (v) =>
        Math.exp(-0.5 * ((v - line) / view.width) ** 2) / (view.width * Math.sqrt(2 * Math.PI));
      const most = Math.max(...p, bell(line));
      const across = (height) => from + (height / most) * (to - from);
      const rowsAt = Array.from(p, (_, r) => (r + 0.5) / rows);
      const outline = (heights) => rowsAt.map((v, r) => [across(heights[r]), Y(v)]);
      pen.save();
      pen.beginPath();
      pen.rect(from - 2, top, to - from + 6, bottom - top);
      pen.clip();
      path(pen, [[from, bottom], ...outline(p), [from, top]]);
      pen.globalAlpha = 0.3;
      pen.fillStyle = pen.strokeStyle = colors.density;
      pen.fill();
      pen.globalAlpha = 1;
      pen.lineWidth = 2;
      path(pen, outline(p));
      pen.stroke();
      pen.strokeStyle = colors.line;
      path(pen, outline(rowsAt.map(bell)));
      pen.stroke();
      pen.setLineDash([2, 3]);
      path(pen, [[from, Y(line)], [across(bell(line)), Y(line)]]);
      pen.stroke();
      pen.restore();
      pen.strokeStyle = colors.rule;
      pen.lineWidth = 1;
      path(pen, [[from, top], [from, bottom]]);
      pen.stroke();
      pen.fillStyle = colors.ink;
      pen.textAlign = "left";
      pen.fillText("density", from, bottom + 16);
      pen.fillText(`at ${told(0, cursor[0])}`, from, bottom + 32);
    }

    function drawLosses() {
      const { pen, width, height } = canvas(losses);
      if (!width) return;
      const [left, top, bottom] = [40, 8, height - 34];
      const best = floor();
      const curves = [
        ["squares", "regression", colors.line, []],
        ["held", "kept aside", colors.density, [3, 3]],
        ["train", "training", colors.density, []],
      ].filter(([key]) => view && Number.isFinite(view[key]));
      const labels = curves.map(([key, name, color]) => ({
        value: view[key],
        text: `${name} ${fixed(view[key], 2)}`,
        color,
      }));
      if (view && best !== undefined) {
        const text = `best possible ${fixed(best, 2)}`;
        labels.push({ value: best, text, color: colors.ink });
      }
      const widest = Math.max(0, ...labels.map(({ text }) => pen.measureText(text).width));
      const right = width - widest - 12;
      pen.fillStyle = colors.muted;
      if (!view) {
        pen.textAlign = "center";
        pen.fillText("The loss will appear here: lower is better", width / 2, height / 2);
        return;
      }
      pen.strokeStyle = colors.rule;
      path(pen, [[left, top], [left, bottom], [right, bottom]]);
      pen.stroke();
      const values = curves.flatMap(([key]) => history.map((h) => h[key])).concat(best ?? []);
      // Held-out points may soon cost more than anything at the start: that is cut off.
      const start = history[Math.min(1, history.length - 1)];
      const high = Math.max(start.train, start.squares, view.squares) + 0.05;
      const low = Math.min(...values) - 0.1;
      const last = Math.max(10, view.step);
      const X = (s) => left + (Math.log(Math.max(1, s)) / Math.log(last)) * (right - left);
      const Y = (v) => bottom - clamp((v - low) / (high - low), 0, 1) * (bottom - top);
      pen.textAlign = "right";
      pen.fillText("steps", right, bottom + 30);
      for (const [v, text] of ticks(low, high)) pen.fillText(text, left - 6, Y(v) + 4);
      pen.textAlign = "center";
      for (let s = 1; s <= last; s *= 10) pen.fillText(s, X(s), bottom + 15);
      for (const [key, , color, dash] of curves) {
        pen.strokeStyle = color;
        pen.lineWidth = 2;
        pen.setLineDash(dash);
        path(pen, history.map((h) => [X(h.step), Y(h[key])]));
        pen.stroke();
      }
      if (best !== undefined) {
        pen.setLineDash([1, 3]);
        pen.strokeStyle = colors.ink;
        path(pen, [[left, Y(best)], [right, Y(best)]]);
        pen.stroke();
      }
      pen.setLineDash([]);
      // Labels keep their order and do not overlap.
      labels.sort((a, b) => b.value - a.value);
      let above = top - 9;
      for (const label of labels) label.y = above = Math.max(Y(label.value), above + 15);
      let below = bottom + 15;
      for (const label of labels.slice().reverse()) {
        label.y = below = Math.min(label.y, below - 15);
      }
      pen.textAlign = "left";
      for (const { y, text, color } of labels) {
        pen.fillStyle = color;
        pen.fillText(text, right + 8, y + 4);
      }
    }

    function draw() {
      drawn = performance.now();
      drawMap();
      if (losses) drawLosses();
      refresh();
    }

    let planned = false;
    function drawSoon() {
      if (planned) return;
      planned = true;
      requestAnimationFrame(() => {
        planned = false;
        draw();
      });
    }

    // --- Buttons and settings show what is so ---

    const inputs = [...figure.querySelectorAll("[data-set]")];
    const shown = {
      least: () => `${fixed(10 ** state.least, 3)}`,
      rate: () => `${fixed(10 ** state.rate, 3)}`,
    };

    function refresh() {
      buttons.train.textContent = running ? "Pause" : "Train";
      figure.classList.toggle("playground-drawing", Boolean(tool));
      figure.classList.toggle("playground-running", running);
      const step = `Learning: step ${view?.step ?? 0} of ${target}.`;
      put(progress, [said, step].filter(Boolean).join(" "));
      buttons.samples.disabled = !view;
      put(buttons.samples, sampling ? "Hide samples" : "Show samples");
      guide();
      const pressed = { draw: tool === "draw", erase: tool === "erase" };
      for (const [name, on] of Object.entries(pressed)) {
        buttons[name]?.setAttribute("aria-pressed", on);
      }
    }

    function show() {
      for (const input of inputs) {
        const name = input.dataset.set;
        input.value = state[name];
        const text = shown[name]?.() ?? state[name];
        input.parentElement.querySelector("output").textContent = text;
        input.setAttribute("aria-valuetext", text);
      }
      const chip = find(`[name="playground-example"][value="${state.example}"]`);
      if (chip) chip.checked = true;
      draw();
      say();
    }

    // --- Links ---

    function link() {
      const parts = { example: state.example };
      for (const name of Object.keys(DEFAULTS)) parts[name] = state[name];
      if (state.edited) parts.points = pack(state.points);
      return `#${new URLSearchParams(parts)}`;
    }

    function follow() {
      const parts = new URLSearchParams(location.hash.slice(1));
      if (!full || !parts.has("example")) return false;
      for (const [name, [low, high]] of Object.entries(LIMITS)) {
        const given = Number(parts.get(name) ?? DEFAULTS[name]);
        if (Number.isFinite(given)) state[name] = clamp(given, low, high);
      }
      for (const name of ["K", "H", "seed"]) state[name] = Math.round(state[name]);
      const example = parts.get("example");
      now = 0;
      choose(example in examples ? example : "own");
      if (parts.has("points")) {
        state.edited = true;
        state.points = unpack(parts.get("points"));
        linked = true;
        show();
      }
      return true;
    }

    async function copy() {
      window.history.replaceState(null, "", link());
      try {
        await navigator.clipboard.writeText(location.href);
        note = "Link copied: it holds points and settings.";
      } catch {
        note = "The link is in the address bar: it holds points and settings.";
      }
      say();
    }

    // --- Pointer and keys ---

    function at(event) {
      const box = map.getBoundingClientRect();
      const { left, top, bottom, right } = frame();
      return [
        (event.clientX - box.left - left) / (right - left),
        (bottom - (event.clientY - box.top)) / (bottom - top),
      ].map((v) => clamp(v, 0, 1));
    }

    let stroke; // the last point of it
    function use(point, first) {
      if (tool === "erase") remove(point, 0.04, true);
      else if (first) add(point);
      else if (Math.hypot(point[0] - stroke[0], point[1] - stroke[1]) >= GAP) {
        add(point.map((v) => v + 0.05 * (random() + random() - 1))); // a brush, not a pen
      } else return;
      stroke = point;
    }

    map.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      cursor = at(event);
      if (tool) {
        map.setPointerCapture(event.pointerId);
        use(cursor, true);
        event.preventDefault();
        map.focus({ preventScroll: true });
      } else drawSoon();
    });
    map.addEventListener("pointermove", (event) => {
      const moved = event.getCoalescedEvents?.() ?? [];
      const held = tool && map.hasPointerCapture(event.pointerId);
      for (const part of held ? (moved.length ? moved : [event]) : []) use(at(part), false);
      cursor = at(event);
      drawSoon();
    });
    for (const end of ["pointerup", "pointerleave"]) map.addEventListener(end, say);

    map.addEventListener("keydown", (event) => {
      const far = event.shiftKey ? 0.1 : 0.02;
      const moves = {
        ArrowLeft: [-far, 0],
        ArrowRight: [far, 0],
        ArrowUp: [0, far],
        ArrowDown: [0, -far],
      };
      const here = () => `x = ${told(0, cursor[0])}, y = ${told(1, cursor[1])}`;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key in moves) {
        cursor = cursor.map((v, d) => clamp(v + moves[event.key][d], 0, 1));
        note = `Cursor at ${here()}.`;
      } else if (full && event.key === " ") {
        add([...cursor]);
        note = `Point ${state.points.length} at ${here()}.`;
      } else if (full && ["Delete", "Backspace"].includes(event.key)) {
        note = remove(cursor, 0.06) ? "The nearest point is removed." : "No point is near.";
      } else return;
      event.preventDefault();
      drawSoon();
      say();
    });
    for (const event of ["focus", "blur"]) map.addEventListener(event, drawSoon);

    const does = {
      train: start,
      step,
      reset: () => {
        running = false;
        begin();
        show();
      },
      samples: () => {
        sampling = !sampling;
        draw();
      },
      draw: () => {
        tool = tool === "draw" ? "" : "draw";
        draw();
      },
      erase: () => {
        tool = tool === "erase" ? "" : "erase";
        draw();
      },
      clear: () => pick("own"),
      link: copy,
    };
    for (const [name, act] of Object.entries(does)) buttons[name]?.addEventListener("click", act);
    for (const chip of figure.querySelectorAll("[name='playground-example']")) {
      chip.addEventListener("change", () => pick(chip.value));
    }
    for (const input of inputs) {
      input.addEventListener("input", () => {
        const name = input.dataset.set;
        state[name] = Number(input.value);
        if (name === "rate" || name === "least") news.settings = settings();
        else begin("Settings");
        show();
        if (running) tick();
      });
    }

    buttons.back?.addEventListener("click", () => turn(now - 1));
    buttons.next?.addEventListener("click", () => turn(aside.textContent ? 0 : now + 1));

    readColors();
    if (!follow()) choose("inverse");
    window.addEventListener("hashchange", follow);
    new MutationObserver(() => {
      readColors();
      draw();
    }).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    new ResizeObserver(drawSoon).observe(map);
    document.fonts.ready.then(drawSoon);
    figure.playground = { state: () => state, view: () => view, link }; // for the tests
  }

  document.querySelectorAll(".playground").forEach(build);
})();
