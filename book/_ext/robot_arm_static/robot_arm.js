// Draw the robot arm at a target that the reader moves: exact, of least squares, learned.
(() => {
  "use strict";
  const L1 = 0.8;
  const L2 = 0.2;
  const LOW = [0.3, Math.PI / 2]; // the limits of both joints
  const HIGH = [1.2, (3 * Math.PI) / 2];
  const [UP, DOWN, MEAN] = ["#0072b2", "#d55e00", "#cc79a7"];

  function joints([one, two]) {
    const elbow = [L1 * Math.cos(one), L1 * Math.sin(one)];
    const both = one + two;
    return [[0, 0], elbow, [elbow[0] - L2 * Math.cos(both), elbow[1] - L2 * Math.sin(both)]];
  }

  // Elbow up and elbow down; undefined where a joint cannot turn that far.
  function inverse([x, y]) {
    const cosine = (L1 ** 2 + L2 ** 2 - x * x - y * y) / (2 * L1 * L2);
    if (Math.abs(cosine) > 1) return [undefined, undefined];
    const up = Math.acos(cosine);
    return [up, 2 * Math.PI - up].map((two) => {
      const delta = Math.atan2(L2 * Math.sin(two), L1 - L2 * Math.cos(two));
      const theta = [Math.atan2(y, x) + delta, two];
      const inside = theta.every((a, i) => LOW[i] <= a && a <= HIGH[i]);
      return inside ? theta : undefined;
    });
  }

  // The components of the network: weight and angles of each.
  function components(net, position) {
    const layer = ([kernel, bias], h) =>
      bias.map((b, j) => kernel.reduce((sum, row, i) => sum + row[j] * h[i], b));
    let h = position.map((x, i) => (x - net.x_mean[i]) / net.x_scale[i]);
    for (const dense of net.dense.slice(0, -2)) h = layer(dense, h).map(Math.tanh);
    const [scores, means] = net.dense.slice(-2).map((dense) => layer(dense, h));
    const top = Math.max(...scores);
    const raw = scores.map((a) => Math.exp(a - top));
    const total = raw.reduce((a, b) => a + b);
    return raw.map((weight, k) => ({
      weight: weight / total,
      theta: [0, 1].map((d) => net.y_mean[d] + net.y_scale[d] * means[2 * k + d]),
    }));
  }

  const place = ([x, y]) => `${(100 * x).toFixed(2)},${(108 - 100 * y).toFixed(2)}`;
  const miss = (theta, [x, y]) => {
    const [a, b] = joints(theta)[2];
    return Math.hypot(a - x, b - y);
  };

  function element(name, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  // What the hand reaches with θ2 between two angles.
  function region(low, high) {
    const corners = [[LOW[0], low], [LOW[0], high], [HIGH[0], high], [HIGH[0], low], [LOW[0], low]];
    const points = [];
    for (let c = 0; c < 4; c++) {
      for (let i = 0; i <= 40; i++) {
        const theta = [0, 1].map((d) => corners[c][d] + ((corners[c + 1][d] - corners[c][d]) * i) / 40);
        points.push(place(joints(theta)[2]));
      }
    }
    const style = { fill: "#8a9299", "fill-opacity": 0.25 };
    return element("polygon", { points: points.join(" "), ...style });
  }

  function arm(theta, style) {
    const line = element("polyline", {
      points: joints(theta).map(place).join(" "),
      fill: "none",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      ...style,
    });
    return line;
  }

  function draw(figure) {
    const net = JSON.parse(figure.querySelector("script").textContent);
    const svg = figure.querySelector("svg");
    const inputs = [...figure.querySelectorAll("input")];
    const values = [...figure.querySelectorAll(".interactive-value")];
    const readout = figure.querySelector(".interactive-readout");
    const arms = element("g", {});
    const target = element("g", { class: "arm-target" });
    target.append(
      element("circle", { r: 9, fill: "transparent" }), // large enough for a finger
      element("path", {
        d: "M0,-4 L1,-1.2 L4,-1.2 L1.6,0.6 L2.5,3.5 L0,1.8 L-2.5,3.5 L-1.6,0.6 L-4,-1.2 L-1,-1.2 Z",
      }),
    );
    svg.append(region(LOW[1], Math.PI), region(Math.PI, HIGH[1]), arms, target);
    let at = net.target;

    function update() {
      const exact = inverse(at);
      const learned = components(net, at);
      const possible = exact.filter(Boolean);
      arms.replaceChildren();
      for (const { weight, theta } of learned) {
        if (!possible.length) break;
        const style = { stroke: "#555", "stroke-width": 4.5, opacity: 0.6 * weight };
        arms.append(arm(theta, style));
      }
      const lines = [];
      const angles = (theta) => theta.map((a) => a.toFixed(2)).join(" and ");
      ["up", "down"].forEach((name, i) => {
        if (exact[i]) arms.append(arm(exact[i], { stroke: [UP, DOWN][i], "stroke-width": 1.3 }));
        const text = exact[i] ? `angles ${angles(exact[i])}` : "not within the limits";
        lines.push(`Elbow ${name}: ${text}.`);
      });
      if (possible.length) {
        const mean = [0, 1].map((d) => possible.reduce((s, a) => s + a[d], 0) / possible.length);
        const style = { stroke: MEAN, "stroke-width": 1, "stroke-dasharray": "0.5 2.2" };
        arms.append(arm(mean, style));
        lines.push(`Least squares: ${angles(mean)}; it misses by ${miss(mean, at).toFixed(4)}.`);
        for (const { weight, theta } of learned) {
          const name = theta[1] < Math.PI ? "up" : "down";
          const text = `weight ${weight.toFixed(2)}, misses by ${miss(theta, at).toFixed(4)}`;
          lines.push(`Network, elbow ${name}: ${text}.`);
        }
      } else {
        lines.push("The target is out of reach.");
      }
      target.setAttribute("transform", `translate(${place(at)})`);
      inputs.forEach((input, i) => {
        input.value = at[i];
        values[i].textContent = at[i].toFixed(2);
      });
      readout.textContent = lines.join("\n");
    }

    function move(event) {
      const point = new DOMPoint(event.clientX, event.clientY);
      const { x, y } = point.matrixTransform(svg.getScreenCTM().inverse());
      at = [x / 100, (108 - y) / 100].map((v) => Math.min(1.08, Math.max(0, v)));
      update();
    }

    target.addEventListener("pointerdown", (event) => {
      target.setPointerCapture(event.pointerId);
      target.addEventListener("pointermove", move);
      event.preventDefault();
    });
    for (const end of ["pointerup", "pointercancel"]) {
      target.addEventListener(end, () => target.removeEventListener("pointermove", move));
    }
    inputs.forEach((input, i) =>
      input.addEventListener("input", () => {
        at = at.map((v, d) => (d === i ? Number(input.value) : v));
        update();
      }),
    );
    figure.querySelector("button").addEventListener("click", () => {
      at = net.target;
      update();
    });
    update();
    figure.querySelector(".arm-live").hidden = false;
    figure.classList.add("arm-drawn");
    figure.arm = { inverse, components: (x) => components(net, x) }; // for the tests
  }

  document.querySelectorAll(".arm").forEach(draw);
})();
