"use strict";

// The slider shows, of each run, the last grid up to the chosen number of samples.
for (const controls of document.querySelectorAll(".controls")) {
  const [button, slider, output] = controls.children;
  const shown = JSON.parse(controls.dataset.shown);
  const figures = [...document.querySelectorAll(".grids figure")];
  let timer = 0;

  const show = () => {
    const chosen = shown[slider.value];
    output.textContent = chosen.toLocaleString("en") + " samples shown";
    for (const figure of figures) {
      const grids = [...figure.querySelectorAll("img[data-at]")];
      if (!grids.length) continue;
      const before = grids.filter(grid => +grid.dataset.at <= chosen);
      const current = before.length ? before[before.length - 1] : grids[0];
      for (const grid of grids) grid.hidden = grid !== current;
      const at = (+current.dataset.at).toLocaleString("en");
      figure.querySelector(".at").textContent = "after " + at + " samples shown";
    }
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = "Play";
  };
  slider.addEventListener("input", () => { stop(); show(); });
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (+slider.value === shown.length - 1) slider.value = 0;
    show();
    button.textContent = "Stop";
    timer = setInterval(() => {
      slider.value = +slider.value + 1;
      show();
      if (+slider.value === shown.length - 1) stop();
    }, 120);
  });
}

// The values of the curves at the pointer, or at the place that the arrow keys chose.
for (const plot of document.querySelectorAll(".plot")) {
  const curves = JSON.parse(plot.dataset.curves);
  const svg = plot.querySelector("svg");
  const places = [...new Set(curves.flatMap(curve => curve.x))].sort((a, b) => a - b);
  let place = places.length;

  const draw = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    svg.append(made);
    marks.push(made);
  };
  const line = (className, ...texts) => {
    const made = document.createElement("div");
    if (className) made.append(document.createElement("i"));
    if (className) made.firstChild.className = className;
    made.append(texts.filter(text => text).join(" "));
    return made;
  };
  const nearest = (list, x) => list.reduce(
    (best, value, i) => Math.abs(value - x) < Math.abs(list[best] - x) ? i : best, 0);
  let marks = [];
  const clear = () => {
    for (const mark of marks) mark.remove();
    marks = [];
  };
  const show = x => {
    clear();
    const tip = document.createElement("div");
    tip.className = "tip";
    const first = curves.map(curve => [curve, nearest(curve.x, x)]);
    const [closest, index] = first.reduce((best, pair) =>
      Math.abs(pair[0].x[pair[1]] - x) < Math.abs(best[0].x[best[1]] - x) ? pair : best);
    draw("path", {class: "pointer", d: "M" + closest.x[index] + " 10V184"});
    tip.append(line("", closest.at[index]));
    for (const [curve, i] of first) {
      draw("circle", {class: "dot c" + curve.color, cx: curve.x[i], cy: curve.y[i], r: 3});
      tip.append(line("c" + curve.color, curve.name, curve.value[i]));
    }
    plot.append(tip);
    marks.push(tip);
    const at = closest.x[index] / 360 * plot.clientWidth;
    const left = at + 12 + tip.offsetWidth > plot.clientWidth ? at - 12 - tip.offsetWidth : at + 12;
    tip.style.left = Math.max(0, left) + "px";
  };
  const follow = event => {
    const box = svg.getBoundingClientRect();
    show((event.clientX - box.left) / box.width * 360);
  };
  plot.addEventListener("pointermove", follow);
  plot.addEventListener("pointerdown", follow);
  plot.addEventListener("pointerleave", clear);
  plot.addEventListener("blur", clear);
  plot.addEventListener("keydown", event => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!step) return;
    event.preventDefault();
    place = Math.min(places.length - 1, Math.max(0, place + step));
    show(places[place]);
  });
}
