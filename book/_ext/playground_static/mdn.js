// A mixture density network of one hidden layer, and one that fits least squares beside it.
// Nothing here knows a page: playground.js sends the text of this function to a worker.
function mixtureDensityNetworks() {
  "use strict";
  const LOG_2PI = Math.log(2 * Math.PI);

  // Uniform random numbers from a seed: mulberry32, by Tommy Ettinger, public domain.
  function generator(seed) {
    let a = seed | 0;
    return () => {
      a = (a + 0x6d2b79f5) | 0;
      let t = Math.imul(a ^ (a >>> 15), 1 | a);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  // The weights of a network with H tanh units and O outputs lie in one vector:
  // kernel (H) and bias (H) of the units, kernel (O, H) and bias (O) of the outputs.
  const size = (H, O) => 2 * H + H * O + O;

  function forward(w, x, H, O, h, out) {
    for (let j = 0; j < H; j++) h[j] = Math.tanh(w[j] * x + w[H + j]);
    for (let o = 0; o < O; o++) {
      let sum = w[2 * H + H * O + o];
      for (let j = 0, at = 2 * H + o * H; j < H; j++) sum += w[at + j] * h[j];
      out[o] = sum;
    }
  }

  // Adds to the gradient what one row contributes, given that of its outputs.
  function backward(w, x, H, O, h, dout, gradient) {
    for (let o = 0; o < O; o++) {
      gradient[2 * H + H * O + o] += dout[o];
      for (let j = 0, at = 2 * H + o * H; j < H; j++) gradient[at + j] += dout[o] * h[j];
    }
    for (let j = 0; j < H; j++) {
      let dh = 0;
      for (let o = 0; o < O; o++) dh += dout[o] * w[2 * H + o * H + j];
      const da = dh * (1 - h[j] * h[j]);
      gradient[j] += da * x;
      gradient[H + j] += da;
    }
  }

  // The outputs in threes of K, a^π, μ, a^σ: log π in place of a^π, σ = exp(a^σ) + least.
  function heads(out, K, least) {
    let top = -Infinity;
    for (let k = 0; k < K; k++) top = Math.max(top, out[k]);
    let sum = 0;
    for (let k = 0; k < K; k++) sum += Math.exp(out[k] - top);
    for (let k = 0; k < K; k++) {
      out[k] -= top + Math.log(sum);
      out[2 * K + k] = Math.exp(out[2 * K + k]) + least;
    }
  }

  // The negative log-likelihood of a row, in nats; the gradient of chapter 5, if asked for.
  function nll(w, x, y, { H, K, least }, gradient) {
    const [h, out, dout] = [H, 3 * K, 3 * K].map((n) => new Float64Array(n));
    const log = new Float64Array(K);
    gradient?.fill(0);
    let total = 0;
    for (let n = 0; n < x.length; n++) {
      forward(w, x[n], H, 3 * K, h, out);
      heads(out, K, least);
      let top = -Infinity;
      for (let k = 0; k < K; k++) {
        const sigma = out[2 * K + k];
        const z = (y[n] - out[K + k]) / sigma;
        log[k] = out[k] - Math.log(sigma) - 0.5 * (z * z + LOG_2PI);
        top = Math.max(top, log[k]);
      }
      let sum = 0;
      for (let k = 0; k < K; k++) sum += Math.exp(log[k] - top);
      const logP = top + Math.log(sum);
      total -= logP;
      if (!gradient) continue;
      for (let k = 0; k < K; k++) {
        const sigma = out[2 * K + k];
        const z = (y[n] - out[K + k]) / sigma;
        const share = Math.exp(log[k] - logP) / x.length; // the responsibility γ, over N
        dout[k] = Math.exp(out[k]) / x.length - share;
        dout[K + k] = (-share * z) / sigma;
        dout[2 * K + k] = (share * (1 - z * z) * (sigma - least)) / sigma;
      }
      backward(w, x[n], H, 3 * K, h, dout, gradient);
    }
    return total / x.length;
  }

  function squares(w, x, y, { H }, gradient) {
    const [h, out, dout] = [H, 1, 1].map((n) => new Float64Array(n));
    gradient?.fill(0);
    let total = 0;
    for (let n = 0; n < x.length; n++) {
      forward(w, x[n], H, 1, h, out);
      const error = out[0] - y[n];
      total += error * error;
      dout[0] = (2 * error) / x.length;
      if (gradient) backward(w, x[n], H, 1, h, dout, gradient);
    }
    return total / x.length;
  }

  class Adam {
    constructor(w) {
      this.w = w;
      [this.gradient, this.m, this.v] = [0, 0, 0].map(() => new Float64Array(w.length));
      this.t = 0;
    }

    step(rate) {
      const { w, gradient, m, v } = this;
      this.t += 1;
      const [first, second] = [1 - 0.9 ** this.t, 1 - 0.999 ** this.t];
      for (let i = 0; i < w.length; i++) {
        m[i] += 0.1 * (gradient[i] - m[i]);
        v[i] += 0.001 * (gradient[i] ** 2 - v[i]);
        w[i] -= (rate * (m[i] / first)) / (Math.sqrt(v[i] / second) + 1e-8);
      }
    }
  }

  const mean = (a) => a.reduce((sum, v) => sum + v, 0) / a.length;

  function scale(a) {
    const center = mean(a);
    const spread = Math.sqrt(mean(a.map((v) => (v - center) ** 2)));
    return { center, spread: spread > 1e-9 ? spread : 1 };
  }

  // As mdn_utils starts: the bends of the units lie among the inputs, the means of the
  // components at quantiles of the targets, and all else is small.
  function start(x, y, { H, K }, random) {
    const [low, high] = [Math.min(...x), Math.max(...x)];
    const symmetric = () => 2 * random() - 1;
    const units = new Float64Array(2 * H);
    for (let j = 0; j < H; j++) {
      units[j] = symmetric();
      units[H + j] = -units[j] * (low + (high - low) * random());
    }
    const network = (O) => {
      const w = new Float64Array(size(H, O));
      w.set(units);
      for (let i = 2 * H; i < w.length - O; i++) w[i] = (0.1 * symmetric()) / Math.sqrt(H);
      return w;
    };
    const [mixture, curve] = [network(3 * K), network(1)];
    const sorted = Float64Array.from(y).sort();
    const biases = mixture.length - 3 * K;
    for (let k = 0; k < K; k++) {
      mixture[biases + K + k] = sorted[Math.floor(((k + 0.5) / K) * sorted.length)];
      mixture[biases + 2 * K + k] = Math.log(0.4);
    }
    return [mixture, curve];
  }

  // Both networks, and how they learn. A point is [x, y, whether it is held out] in the unit
  // square; inside, all is standardized by the training points of the beginning.
  class Learner {
    constructor(settings, points, seed) {
      this.settings = settings; // H, K, least σ, rate
      const train = points.filter((p) => !p[2]);
      this.x = scale(train.map((p) => p[0]));
      this.y = scale(train.map((p) => p[1]));
      this.take(points);
      const [mixture, curve] = start(...this.train, settings, generator(seed));
      this.mixture = new Adam(mixture);
      this.curve = new Adam(curve);
    }

    take(points) {
      const part = (held) => {
        const chosen = points.filter((p) => Boolean(p[2]) === held);
        const side = (s, d) => Float64Array.from(chosen, (p) => (p[d] - s.center) / s.spread);
        return [side(this.x, 0), side(this.y, 1)];
      };
      [this.train, this.held] = [part(false), part(true)];
    }

    step() {
      const { mixture, curve, settings } = this;
      nll(mixture.w, ...this.train, settings, mixture.gradient);
      mixture.step(settings.rate);
      squares(curve.w, ...this.train, settings, curve.gradient);
      curve.step(settings.rate);
    }

    // Negative log-likelihoods in nats, in units of the square. Least squares as a density:
    // a Gaussian as wide as the errors on the training points.
    losses() {
      const { mixture, curve, settings, train, held } = this;
      const unit = Math.log(this.y.spread);
      const variance = squares(curve.w, ...train, settings);
      const gaussian = 0.5 * (LOG_2PI + Math.log(variance)) + unit;
      const none = held[0].length === 0;
      return {
        step: mixture.t,
        train: nll(mixture.w, ...train, settings) + unit,
        held: none ? NaN : nll(mixture.w, ...held, settings) + unit,
        squares: gaussian + 0.5,
        squaresHeld: none
          ? NaN
          : gaussian + squares(curve.w, ...held, settings) / (2 * variance),
        width: Math.sqrt(variance) * this.y.spread,
      };
    }

    // For G inputs across the square: π, μ, σ of each component, and least squares.
    mixtures(G) {
      const { H, K, least } = this.settings;
      const [h, out] = [new Float64Array(H), new Float64Array(3 * K)];
      const parameters = new Float32Array(G * 3 * K);
      const curve = new Float32Array(G);
      for (let i = 0; i < G; i++) {
        const x = ((i + 0.5) / G - this.x.center) / this.x.spread;
        forward(this.curve.w, x, H, 1, h, out);
        curve[i] = this.y.center + this.y.spread * out[0];
        forward(this.mixture.w, x, H, 3 * K, h, out);
        heads(out, K, least);
        for (let k = 0; k < K; k++) {
          parameters[i * 3 * K + k] = Math.exp(out[k]);
          parameters[i * 3 * K + K + k] = this.y.center + this.y.spread * out[K + k];
          parameters[i * 3 * K + 2 * K + k] = this.y.spread * out[2 * K + k];
        }
      }
      return { K, G, parameters, curve };
    }

    // A map of the density, G by G from the top left: its root, the highest being 1023.
    map({ K, G, parameters }) {
      const p = new Float32Array(G * G);
      for (let i = 0; i < G; i++) {
        for (let k = 0; k < K; k++) {
          const at = i * 3 * K + k;
          const sigma = parameters[at + 2 * K];
          const height = parameters[at] / (sigma * Math.sqrt(2 * Math.PI));
          if (height < 1e-4) continue;
          for (let r = 0; r < G; r++) {
            const z = (1 - (r + 0.5) / G - parameters[at + K]) / sigma;
            if (z * z < 50) p[r * G + i] += height * Math.exp(-0.5 * z * z);
          }
        }
      }
      // Not the very highest: one narrow spike must not turn all else pale.
      const some = p.filter((_, i) => i % 7 === 0).sort();
      const top = some[Math.floor(0.98 * some.length)] || 1;
      this.top = this.top ? 0.8 * this.top + 0.2 * top : top;
      return Uint16Array.from(p, (v) => 1023 * Math.sqrt(Math.min(1, v / this.top)));
    }
  }

  // In a worker: makes, changes and trains a learner as it is told, and answers with a view.
  function serve(scope) {
    let learner;
    scope.onmessage = ({ data: { run, start: first, settings, points, steps, G } }) => {
      if (first) learner = new Learner(first.settings, first.points, first.seed);
      if (settings) learner.settings = settings;
      if (points) learner.take(points);
      const end = performance.now() + 60; // ms: a slow machine takes fewer steps a frame
      for (let i = 0; i < steps && (i === 0 || performance.now() < end); i++) learner.step();
      const view = learner.mixtures(G);
      scope.postMessage({ run, ...learner.losses(), ...view, map: learner.map(view) });
    };
  }

  return { Learner, generator, nll, serve, size, squares };
}
