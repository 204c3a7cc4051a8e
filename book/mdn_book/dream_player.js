/* The tunnel and a dream of it, to play: the same turns go to both. No library, no network.

   `Dream` computes what mdn_book.dream computes, step by step; `Tunnel` is mdn_book.tunnel.
   `play(root)` makes a figure of an element that holds the exported weights. */
(() => {
  "use strict";
  const W = 7, H = 4, STEPS = 100, SIGMA = 0.25, NONE = W, ACTIONS = [-1, 0, 1];

  // Half precision, little endian, from base64
  function halves(base64) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const words = new Uint16Array(bytes.buffer);
    return Float64Array.from(words, (w) => {
      const sign = w >> 15 ? -1 : 1, exponent = (w >> 10) & 31, fraction = w & 1023;
      return exponent
        ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024)
        : sign * 2 ** -14 * (fraction / 1024);
    });
  }

  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  const logistic = (a) => 1 / (1 + Math.exp(-a));

  /** x (n) times weights (n, m), plus bias (m). */
  function affine(x, weights, bias) {
    const m = bias.length, out = Float64Array.from(bias);
    for (let i = 0; i < x.length; i++)
      for (let j = 0; j < m; j++) out[j] += x[i] * weights[i * m + j];
    return out;
  }

  class Dream {
    constructor(model) {
      this.model = model;
      this.units = model.c.length / 3;
      this.D = model.V.length / (W * H);
    }
    /** The coordinates of a frame (28), by V. */
    encode(frame) {
      const { V, mean } = this.model, n = W * H;
      return Float64Array.from({ length: this.D }, (_, d) => {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += V[d * n + i] * (frame[i] - mean[i]);
        return sum;
      });
    }
    decode(z) {
      const { V, mean } = this.model, n = W * H;
      return Float64Array.from(mean, (m, i) => {
        for (let d = 0; d < this.D; d++) m += z[d] * V[d * n + i];
        return m;
      });
    }
    inputs(z, a) {
      const one = ACTIONS.map((b) => (a === b ? 1 : 0));
      return [...z, ...one, ...one.flatMap((o) => [...z].map((v) => o * v))];
    }
    gru(x, h) {
      const { W: weights, R, b, c } = this.model, U = this.units;
      const one = affine(x, weights, b), two = affine(h, R, c);
      return Float64Array.from(h, (old, i) => {
        const reset = logistic(one[i] + two[i]);
        const update = logistic(one[U + i] + two[U + i]);
        const fresh = Math.tanh(one[2 * U + i] + reset * two[2 * U + i]);
        return update * old + (1 - update) * fresh;
      });
    }
    /** The next h, z and probability of a hit; u is uniform, e (D) normal. */
    step(h, z, a, tau, u, e) {
      const m = this.model, D = this.D;
      const next = this.gru(this.inputs(z, a), h);
      const logits = affine(next, m.pi, m.pi_b), top = Math.max(...logits);
      const p = Array.from(logits, (l) => Math.exp((l - top) / tau));
      let left = u * p.reduce((s, v) => s + v, 0), k = 0;
      while (k < p.length - 1 && left > p[k]) left -= p[k++];
      const mu = affine(next, m.mu, m.mu_b), s = affine(next, m.sigma, m.sigma_b);
      const drawn = Float64Array.from({ length: D }, (_, d) =>
        mu[k * D + d] + Math.sqrt(tau) * Math.exp(s[k * D + d]) * e[d]);
      return { h: next, z: drawn, hit: logistic(affine(next, m.hit, m.hit_b)[0]) };
    }
  }

  class Tunnel {
    constructor() {
      this.rows = Array(H).fill(NONE);
    }
    frame() {
      const pixels = Float64Array.from({ length: W * H }, () => SIGMA * normal());
      for (const row of [0, H - 1])
        if (this.rows[row] !== NONE)
          for (const j of [2, 3, 4]) pixels[row * W + ((this.rows[row] + j) % W)] += 1;
      return pixels;
    }
    step(a) {
      const turned = this.rows.map((r) => (r === NONE ? NONE : (r - a + W) % W));
      const bar = Math.random() < 0.5;
      this.rows = [...turned.slice(1), bar ? Math.floor(W * Math.random()) : NONE];
      return [0, 1, W - 1].includes(turned[0]);
    }
  }

  function paint(canvas, frame, alive) {
    const context = canvas.getContext("2d"), size = canvas.width / W;
    for (let row = 0; row < H; row++)
      for (let j = 0; j < W; j++) {
        const value = Math.min(1, Math.max(0, (frame[row * W + j] + 0.1) / 1.2));
        const dark = row === 1 || row === 2;
        const light = Math.round((dark ? 215 : 250) * (1 - value) + 20 * value);
        context.fillStyle = `rgb(${light}, ${light}, ${light})`;
        context.fillRect(j * size, (H - 1 - row) * size, size + 1, size + 1);
      }
    context.fillStyle = alive ? "#0072B2" : "#D55E00";
    context.beginPath();
    const x = 3.5 * size, y = H * size;
    context.moveTo(x, y + 0.15 * size);
    context.lineTo(x + 0.3 * size, y + 0.75 * size);
    context.lineTo(x - 0.3 * size, y + 0.75 * size);
    context.fill();
  }

  function play(root) {
    const arrays = JSON.parse(root.querySelector("script[type='application/json']").text);
    const model = Object.fromEntries(Object.entries(arrays).map(([k, v]) => [k, halves(v)]));
    const dream = new Dream(model), find = (name) => root.querySelector(`.dream-${name}`);
    const [left, right] = ["dreamed", "real"].map(find);
    const says = find("says"), tau = find("tau");
    const you = find("you"), games = [];
    let tunnel, z, h, steps, alive;

    function show(words) {
      const clear = (c) => c.getContext("2d").clearRect(0, 0, c.width, c.height);
      [left, right].forEach(clear);
      paint(left, dream.decode(z), alive[0]);
      paint(right, dream.decode(dream.encode(tunnel.shown)), alive[1]);
      says.textContent = words;
    }
    function start() {
      tunnel = new Tunnel();
      tunnel.shown = tunnel.frame();
      z = dream.encode(tunnel.shown);
      h = new Float64Array(dream.units);
      steps = [0, 0];
      alive = [true, true];
      show("Turn left or right, or stay. Both tunnels begin empty.");
    }
    function turn(a) {
      if (!alive[0] && !alive[1]) return start();
      if (alive[0]) {
        const e = Array.from({ length: dream.D }, normal);
        const next = dream.step(h, z, a, Number(tau.value), Math.random(), e);
        ({ h, z } = next);
        alive[0] = Math.random() >= next.hit;
        steps[0] += alive[0];
      }
      if (alive[1]) {
        alive[1] = !tunnel.step(a);
        tunnel.shown = tunnel.frame();
        steps[1] += alive[1];
      }
      if (Math.max(...steps) >= STEPS) alive = [false, false];
      if (!alive[0] && !alive[1]) {
        games.push(steps);
        you.textContent = `you, ${games.length} game${games.length > 1 ? "s" : ""}`;
        [...you.parentElement.querySelectorAll("td")].forEach((cell, i) => {
          const sum = games.reduce((s, game) => s + game[i], 0);
          cell.textContent = (sum / games.length).toFixed(1);
        });
      }
      const state = (i) => `${steps[i]} steps${alive[i] ? "" : ", over"}`;
      const end = alive[0] || alive[1] ? "" : " Press any turn to begin again.";
      show(`Dream: ${state(0)}. World: ${state(1)}.${end}`);
    }

    root.querySelectorAll("button[data-turn]").forEach((button) =>
      button.addEventListener("click", () => turn(Number(button.dataset.turn))));
    find("again").addEventListener("click", start);
    root.addEventListener("keydown", (event) => {
      if (event.target === tau) return;
      const turns = { ArrowLeft: -1, ArrowUp: 0, ArrowRight: 1 };
      if (!(event.key in turns)) return;
      event.preventDefault();
      event.stopPropagation();
      turn(turns[event.key]);
    });
    tau.addEventListener("input", () => {
      find("tau-value").textContent = Number(tau.value).toFixed(2);
    });
    start();
  }

  window.dreamPlayer = { Dream, Tunnel, halves, play };
  document.querySelectorAll(".dream-player:not([data-ready])").forEach((root) => {
    root.dataset.ready = "";
    play(root);
  });
})();
