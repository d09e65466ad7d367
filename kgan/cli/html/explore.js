
const gan = JSON.parse(document.getElementById("gan").textContent);
const generate = makeGenerator(gan.program);
const length = gan.program.latentDim, [rows, columns, channels] = gan.shape;
const all = decoded(gan.latents), count = all.length / length;
const directions = Object.fromEntries(
  Object.entries(gan.directions).map(([name, text]) => [name, decoded(text)]));
const element = name => document.getElementById(name);
const tilesOnPage = 16;
// The chosen seeds, the share of the way from A to B, and the first seed of the grid.
const state = {a: 0, b: Math.min(1, count - 1), share: 0, psi: 1, label: 0, first: 0};
const amounts = new Float32Array(gan.strongest);
const z = new Float32Array(length), move = new Float32Array(length);
const latents = seed => all.subarray(seed * length, (seed + 1) * length);

// The arc from A to B, as kgan.latents.interpolate.
function walked(a, b, share) {
  let product = 0, lengths = [0, 0];
  for (let i = 0; i < length; i++) {
    product += a[i] * b[i];
    lengths = [lengths[0] + a[i] * a[i], lengths[1] + b[i] * b[i]];
  }
  const norms = Math.sqrt(lengths[0] * lengths[1]);
  const angle = Math.acos(norms ? Math.max(-1, Math.min(1, product / norms)) : 1);
  let near = 1 - share, far = share;
  if (Math.sin(angle) > 1e-4) {
    near = Math.sin(near * angle) / Math.sin(angle);
    far = Math.sin(far * angle) / Math.sin(angle);
  }
  for (let i = 0; i < length; i++) z[i] = near * a[i] + far * b[i];
  return z;
}

// The sum of the directions, each times the amount of its slider.
function moved() {
  const vectors = directions[element("method").value];
  move.fill(0);
  if (vectors) amounts.forEach((amount, k) => {
    for (let i = 0; amount && i < length; i++) move[i] += amount * vectors[k * length + i];
  });
  return move;
}

// Makes a canvas of the size of a sample, and returns a function that draws on it.
function painter(canvas) {
  [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext("2d"), image = new ImageData(columns, rows);
  const scale = 255 / (gan.high - gan.low);
  return (given, directions) => {
    const sample = generate(given, state.label, state.psi, directions), pixels = image.data;
    // The array rounds and clips.
    for (let i = 0, j = 0; i < sample.length; i += channels, j += 4) {
      const first = (sample[i] - gan.low) * scale;
      pixels[j] = first;
      pixels[j + 1] = channels < 3 ? first : (sample[i + 1] - gan.low) * scale;
      pixels[j + 2] = channels < 3 ? first : (sample[i + 2] - gan.low) * scale;
      pixels[j + 3] = channels % 2 ? 255 : (sample[i + channels - 1] - gan.low) * scale;
    }
    context.putImageData(image, 0, 0);
    return pixels;
  };
}

const paint = painter(element("picture"));
const paintStart = painter(element("start")), paintEnd = painter(element("end"));
const tiles = Array.from({length: Math.min(tilesOnPage, count)}, () => {
  const button = document.createElement("button"), canvas = document.createElement("canvas");
  button.type = "button";
  canvas.className = "pixels";
  button.append(canvas, document.createElement("span"));
  element("tiles").append(button);
  return {button, seed: 0, paint: painter(canvas)};
});

// The pictures that wait for their turn, in the next animation frames.
const waiting = new Set();
let milliseconds = 0, drawn = 0, walking = 0;

function drawPicture() {
  const start = performance.now();
  paint(walked(latents(state.a), latents(state.b), state.share), moved());
  const time = performance.now() - start;
  // The browser compiles the loops during the first pictures.
  milliseconds = drawn++ < 10 ? time : 0.9 * milliseconds + 0.1 * time;
}
const drawStart = () => paintStart(latents(state.a));
const drawEnd = () => paintEnd(latents(state.b));
const drawTile = tiles.map(tile => () => tile.paint(latents(tile.seed)));

function frame() {
  const start = performance.now();
  for (const draw of waiting) {
    waiting.delete(draw);
    draw();
    // The page stays responsive, whatever the size of the generator.
    if (performance.now() - start > 12) break;
  }
  if (drawn > 10) element("speed").textContent = milliseconds.toFixed(1) + " ms a picture";
  if (waiting.size) requestAnimationFrame(frame);
}

function wait(...draws) {
  if (!waiting.size) requestAnimationFrame(frame);
  for (const draw of draws) waiting.add(draw);
}

function tell() {
  const percent = Math.round(100 * state.share);
  const path = "Seed " + state.a + (percent ? ", " + percent + " % of the way to " + state.b : "");
  const label = gan.classes.length ? ", class " + gan.classes[state.label] : "";
  element("told").textContent = path + label;
  element("picture").setAttribute("aria-label", "The sample: " + path + label);
  element("seed").value = state.a;
  element("share").value = state.share;
  element("psi-value").textContent = state.psi.toFixed(2);
  for (const {button, seed} of tiles) {
    button.className = seed === state.a ? "a" : seed === state.b ? "b" : "";
    button.lastChild.textContent = seed === state.a ? seed + " A" : seed === state.b ? seed + " B" : seed;
    button.setAttribute("aria-label", "Sample of seed " + button.lastChild.textContent);
    button.hidden = seed >= count;
  }
}

function showGrid() {
  tiles.forEach((tile, i) => { tile.seed = state.first + i; });
  const last = Math.min(count, state.first + tiles.length) - 1;
  element("page").textContent = state.first + " to " + last;
  element("back").disabled = !state.first;
  element("forward").disabled = last === count - 1;
  tell();
  wait(...drawTile.filter((draw, i) => tiles[i].seed < count));
}

function choose(end, seed) {
  if (!Number.isInteger(seed)) return;
  state[end] = (seed + count) % count;
  // The picture shows the sample that was chosen.
  state.share = end === "a" ? 0 : 1;
  tell();
  wait(drawPicture, end === "a" ? drawStart : drawEnd);
}

function redraw() {
  tell();
  wait(drawPicture, drawStart, drawEnd);
  showGrid();
}

const another = () => Math.floor(Math.random() * count);

function walk(time) {
  if (!walking) return;
  state.share += Math.min(time - walking, 100) / 2500;
  walking = time;
  if (state.share >= 1) {
    [state.a, state.b, state.share] = [state.b, another(), 0];
    wait(drawStart, drawEnd);
  }
  tell();
  wait(drawPicture);
  requestAnimationFrame(walk);
}

function stop() {
  walking = 0;
  element("play").textContent = "Walk";
}

function makeSliders() {
  element("sliders").replaceChildren(...Array.from({length: gan.strongest}, (_, k) => {
    const row = document.createElement("div"), label = document.createElement("label");
    const slider = document.createElement("input"), output = document.createElement("output");
    row.className = "row";
    label.textContent = k + 1;
    label.htmlFor = slider.id = "direction-" + k;
    slider.setAttribute("aria-label", "Direction " + (k + 1));
    Object.assign(slider, {type: "range", min: -6, max: 6, step: 0.05, value: 0});
    const show = () => { output.textContent = amounts[k].toFixed(1); };
    slider.addEventListener("input", () => {
      amounts[k] = +slider.value;
      show();
      wait(drawPicture);
    });
    show();
    row.append(label, slider, output);
    return row;
  }));
}

function listen(name, type, act) {
  element(name).addEventListener(type, () => act(element(name)));
}

function reset() {
  amounts.fill(0);
  makeSliders();
  wait(drawPicture);
}

listen("seed", "change", field => {
  stop();
  choose("a", Math.max(0, Math.min(count - 1, Math.trunc(+field.value))));
});
listen("previous", "click", () => { stop(); choose("a", state.a - 1); });
listen("next", "click", () => { stop(); choose("a", state.a + 1); });
listen("random", "click", () => { stop(); choose("a", another()); });
listen("share", "input", slider => { stop(); state.share = +slider.value; tell(); wait(drawPicture); });
listen("psi", "input", slider => { state.psi = +slider.value; redraw(); });
listen("class", "change", field => { state.label = field.selectedIndex; redraw(); });
listen("method", "change", reset);
listen("reset", "click", reset);
listen("back", "click", () => { state.first = Math.max(0, state.first - tilesOnPage); showGrid(); });
listen("forward", "click", () => { state.first += tilesOnPage; showGrid(); });
listen("play", "click", button => {
  if (walking) return stop();
  walking = performance.now();
  button.textContent = "Stop";
  requestAnimationFrame(walk);
});
for (const tile of tiles) tile.button.addEventListener("click", () => {
  stop();
  choose(document.querySelector("[name=target]:checked").value, tile.seed);
});

element("seed").max = count - 1;
element("class").append(...gan.classes.map(name => new Option(name)));
element("classes").hidden = !gan.classes.length;
element("method").append(...Object.keys(directions).map(name => new Option(name)));
element("directions").hidden = !gan.strongest;
makeSliders();
redraw();

// For tests: the pixels of the first seeds, and the pictures a second.
if (location.hash === "#selftest") {
  const pixels = [0, 1, 2].map(seed => [...paint(latents(seed % count))]);
  const start = performance.now();
  let pictures = 0;
  for (; performance.now() < start + 300; pictures++) drawPicture();
  const rate = 1000 * pictures / (performance.now() - start);
  document.documentElement.dataset.selftest = JSON.stringify({pixels, rate});
}
