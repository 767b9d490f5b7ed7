// Networks of images, evaluated in the page: dense stacks with sin(omega z) or max(z, 0) between them. Resolution follows
// speed: a picture that moves is as fine as can be drawn in time, and one at rest is drawn anew, finer.
(() => {
"use strict";
// Milliseconds for a picture that moves, and for one at rest; how long rest takes to begin.
const MOVING = 12, RESTING = 80, PAUSE = 150;

// A table of the sine, linearly interpolated: off by 3e-7 at most.
const ENTRIES = 4096, PER_RADIAN = ENTRIES / (2 * Math.PI), SHIFT = ENTRIES * 2 ** 18;
const SINE = Float64Array.from({ length: ENTRIES + 1 }, (_, i) => Math.sin(i / PER_RADIAN));

for (const figure of document.querySelectorAll("figure.walk:not(.live), figure.look:not(.live)")) {
  figure.classList.add("live");
  const text = name => figure.querySelector(`[data-name=${name}]`).textContent;
  const data = { json: name => JSON.parse(text(name)) };
  data.spec = data.json("spec");
  data.networks = networks(text("networks"), data.spec);
  data.shots = networks(text("shots"), data.spec);
  (figure.classList.contains("walk") ? walk : look)(figure, data);
}

/** Networks of half precision in base64: one array each. */
function networks(text, { widths }) {
  const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const halves = Float64Array.from({ length: bytes.length / 2 }, (_, i) => {
    const bits = bytes[2 * i] + 256 * bytes[2 * i + 1], exponent = bits >> 10 & 31, fraction = bits & 1023;
    const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
    return bits >> 15 ? -size : size;
  });
  const length = widths.slice(1).reduce((sum, width, i) => sum + width * (widths[i] + 1), 0);
  return Array.from({ length: halves.length / length }, (_, i) => halves.subarray(i * length, (i + 1) * length));
}

/** A function that fills RGBA pixels with a network's values over a window [left, top, right, bottom] of the domain. */
function evaluator({ widths, sines, offset, encoding }) {
  // Four points at a time: value k of point p is at 4 k + p.
  const most = Math.max(...widths), buffers = [new Float64Array(4 * most), new Float64Array(4 * most)];
  const inputs = (buffer, x, y, p) => {
    let k = p;
    const put = value => { buffer[k] = value; k += 4; };
    if (!encoding || encoding.input) { put(x); put(y); }
    for (let octave = 0; encoding && octave < encoding.octaves; octave++) {
      const f = 2 ** octave;
      put(Math.sin(f * x)); put(Math.sin(f * y)); put(Math.cos(f * x)); put(Math.cos(f * y));
    }
  };
  const layer = (network, start, count, outputs, from, to, omega) => {
    const bias = start + count * outputs;
    let at = start;
    for (let o = 0; o < outputs; o++) {
      let a = network[bias + o], b = a, c = a, d = a;
      for (let i = 0; i < 4 * count; i += 4) {
        const w = network[at++];
        a += w * from[i]; b += w * from[i + 1]; c += w * from[i + 2]; d += w * from[i + 3];
      }
      const k = 4 * o;
      if (omega > 0) {
        const scale = omega * PER_RADIAN;
        let t = a * scale + SHIFT, n = t | 0, m = n & ENTRIES - 1;
        to[k] = SINE[m] + (t - n) * (SINE[m + 1] - SINE[m]);
        t = b * scale + SHIFT; n = t | 0; m = n & ENTRIES - 1;
        to[k + 1] = SINE[m] + (t - n) * (SINE[m + 1] - SINE[m]);
        t = c * scale + SHIFT; n = t | 0; m = n & ENTRIES - 1;
        to[k + 2] = SINE[m] + (t - n) * (SINE[m + 1] - SINE[m]);
        t = d * scale + SHIFT; n = t | 0; m = n & ENTRIES - 1;
        to[k + 3] = SINE[m] + (t - n) * (SINE[m + 1] - SINE[m]);
      } else if (omega === 0) {
        to[k] = a > 0 ? a : 0; to[k + 1] = b > 0 ? b : 0; to[k + 2] = c > 0 ? c : 0; to[k + 3] = d > 0 ? d : 0;
      } else {
        to[k] = a; to[k + 1] = b; to[k + 2] = c; to[k + 3] = d;
      }
    }
    return bias + outputs;
  };
  return (network, [left, top, right, bottom], width, height, pixels) => {
    const place = (i, n, low, high) => n > 1 ? low + (high - low) * i / (n - 1) : (low + high) / 2;
    const channels = widths[widths.length - 1], count = width * height;
    for (let first = 0; first < count; first += 4) {
      let [from, to] = buffers;
      for (let p = 0; p < 4; p++) {
        const i = Math.min(first + p, count - 1);
        inputs(from, place(i % width, width, left, right), place(i / width | 0, height, top, bottom), p);
      }
      let at = 0;
      for (let l = 1; l < widths.length; l++) {
        at = layer(network, at, widths[l - 1], widths[l], from, to, sines[l - 1] ?? -1);
        [from, to] = [to, from];
      }
      for (let p = 0; p < 4 && first + p < count; p++) {
        const i = 4 * (first + p);
        // Pixels are clamped to [0, 255] and rounded by the array.
        for (let c = 0; c < 3; c++) pixels[i + c] = 255 * (from[4 * (channels === 3 ? c : 0) + p] + offset);
        pixels[i + 3] = 255;
      }
    }
  };
}

/** Draws networks on canvases as finely as time allows; all canvases of a figure share what is known of the speed. */
function painter(spec) {
  const evaluate = evaluator(spec);
  let speed = 200; // pixels a millisecond, a guess until the first picture
  return (canvas, network, view, milliseconds) => {
    const ratio = window.devicePixelRatio || 1, shape = spec.height / spec.width;
    const finest = Math.max(canvas.clientWidth * ratio, spec.width);
    const width = Math.max(4, Math.round(Math.min(finest, Math.sqrt(speed * milliseconds / shape))));
    const height = Math.max(1, Math.round(width * shape));
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d"), image = context.createImageData(width, height);
    const begun = performance.now();
    evaluate(network, view, width, height, image.data);
    const took = performance.now() - begun;
    if (took > 1) speed += 0.3 * (width * height / took - speed);
    context.putImageData(image, 0, 0);
  };
}

const WHOLE = [-1, -1, 1, 1];

/** Calls `draw(milliseconds)` once a frame while something changes, and once more at rest. */
function scheduler(draw) {
  let waiting = false, rest = 0;
  return () => {
    clearTimeout(rest);
    rest = setTimeout(() => draw(RESTING), PAUSE);
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(MOVING); });
  };
}

function walk(figure, { spec, networks, shots, json }) {
  const { pairs, steps, levels, smooth } = json("walk");
  const [from, main, to] = ["from", "main", "to"].map(name => figure.querySelector(`canvas.${name}`));
  const [way, level] = ["way", "level"].map(name => figure.querySelector(`[name=${name}]`));
  const choice = figure.querySelector("select"), output = figure.querySelector("output"), paint = painter(spec);
  choice.append(...pairs.map(([a, b], i) => new Option(`${a + 1} to ${b + 1}`, i)));
  const mixed = new Float64Array(networks[0].length);

  /** The network at a place of the grid: mixed of its neighbours, or the nearest of them. */
  const network = () => {
    const pair = +choice.value, s = way.value * (steps - 1), l = (level ? level.value : 0) * (levels - 1);
    const step = Math.min(s | 0, steps - 2), low = Math.max(0, Math.min(l | 0, levels - 2));
    const at = (step, low) => networks[(pair * steps + step) * levels + low];
    const cell = (pair * (steps - 1) + step) * Math.max(1, levels - 1) + low;
    if (smooth[cell] !== "1") return at(Math.round(s), Math.round(l));
    const high = Math.min(low + 1, levels - 1), u = s - step, v = l - low;
    const [a, b, c, d] = [at(step, low), at(step + 1, low), at(step, high), at(step + 1, high)];
    for (let i = 0; i < mixed.length; i++) {
      mixed[i] = (1 - v) * ((1 - u) * a[i] + u * b[i]) + v * ((1 - u) * c[i] + u * d[i]);
    }
    return mixed;
  };
  const redraw = scheduler(milliseconds => {
    paint(main, network(), WHOLE, milliseconds);
    const percent = input => `${Math.round(100 * input.value)} %`;
    output.textContent = `${percent(way)} of the way` + (level ? `, disturbance ${percent(level)}` : "");
  });
  const ends = () => {
    const [a, b] = pairs[choice.value];
    paint(from, shots[a], WHOLE, RESTING / 2);
    paint(to, shots[b], WHOLE, RESTING / 2);
    redraw();
  };
  const change = (along, up) => {
    way.value = +way.value + along;
    if (level) level.value = +level.value + up;
    redraw();
  };
  handle(main, (right, down) => change(right / main.clientWidth, -down / main.clientHeight), {
    ArrowLeft: () => change(-0.02, 0), ArrowRight: () => change(0.02, 0), ArrowUp: () => change(0, 0.05),
    ArrowDown: () => change(0, -0.05), Home: () => change(-1, 0), End: () => change(1, 0),
  });
  choice.addEventListener("input", ends);
  for (const input of [way, level]) input?.addEventListener("input", redraw);
  new ResizeObserver(ends).observe(main);
}

function look(figure, { spec, networks, shots, json }) {
  const nearest = json("nearest"), paint = painter(spec);
  const [main, shot] = ["main", "shot"].map(name => figure.querySelector(`canvas.${name}`));
  const choice = figure.querySelector("input"), output = figure.querySelector("output");
  let centre = [0, 0], half = 1;
  const redraw = scheduler(milliseconds => {
    const [x, y] = centre, view = [x - half, y - half, x + half, y + half];
    paint(main, networks[choice.value], view, milliseconds / 2);
    paint(shot, shots[nearest[choice.value]], view, milliseconds / 2);
    const zoom = half < 1 ? `, ${(1 / half).toFixed(1)} times enlarged` : "";
    output.textContent = `${+choice.value + 1} of ${networks.length}; nearest: shot ${nearest[choice.value] + 1}${zoom}`;
  });
  // Nothing was fitted beyond the domain, so the view stays within.
  const view = (x, y, size) => {
    half = Math.max(0.02, Math.min(1, size));
    centre = [x, y].map(c => Math.max(half - 1, Math.min(1 - half, c)));
    redraw();
  };
  const zoom = factor => view(...centre, half / factor);
  const move = (right, down) => view(centre[0] - 2 * half * right, centre[1] - 2 * half * down, half);
  handle(main, (right, down) => move(right / main.clientWidth, down / main.clientHeight), {
    ArrowLeft: () => move(0.1, 0), ArrowRight: () => move(-0.1, 0), ArrowUp: () => move(0, 0.1), ArrowDown: () => move(0, -0.1),
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), Home: () => view(0, 0, 1),
  }, zoom);
  choice.addEventListener("input", redraw);
  new ResizeObserver(redraw).observe(main);
}
})();
