// Turns shapes: makes their surface by marching cubes, gives each corner a normal, and draws with two lights, in parallel
// projection.
// Conventions and lights are those of the shaded pictures: upright axis y, azimuth 0 looks from +z and 90 from +x.
(() => {
"use strict";
const HOME = { azimuth: 35, elevation: 25, scale: 1 };
// Edges whose sides differ by more than this stay sharp.
const CREASE = Math.cos(40 * Math.PI / 180);
const VERTEX = `#version 300 es
in vec3 place; in vec3 normal;
uniform mat3 turn; uniform vec2 scale;
out vec3 seen;
void main() {
  vec3 at = turn * place;
  seen = turn * normal;
  gl_Position = vec4(at.xy * scale, -0.5 * at.z, 1.0);
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 seen; out vec4 colour;
void main() {
  vec3 n = normalize(seen);
  if (n.z < 0.0) n = -n;
  float light = 0.22 + 0.7 * max(dot(n, normalize(vec3(-0.45, 0.75, 0.6))), 0.0)
    + 0.25 * max(dot(n, normalize(vec3(0.85, 0.15, 0.5))), 0.0);
  colour = vec4(pow(min(vec3(0.55, 0.62, 0.72) * light * 1.25, 1.0), vec3(1.0 / 1.4)), 1.0);
}`;

for (const figure of document.querySelectorAll("figure.shapes:not(.live)")) {
  figure.classList.add("live");
  const part = name => figure.querySelector(`[data-name=${name}]`).textContent;
  const bytes = name => Uint8Array.from(atob(part(name)), c => c.charCodeAt(0));
  start(figure, JSON.parse(part("shapes")), table(bytes("cases")), bytes("lattices"));
}

/** The edges on which the corners of a cell's triangles lie, for each set of its corners that are inside. */
function table(bytes) {
  const cases = [];
  for (let at = 0; at < bytes.length; at += bytes[at] + 1) cases.push(bytes.subarray(at + 1, at + 1 + bytes[at]));
  return cases;
}

/** Place and normal of each corner of a shape's surface, 6 numbers, in the ball of radius 1. */
function surface(shape, cases, data) {
  // A layer around the lattice is outside, and lies on its sides: so what is inside there is closed by a flat cap.
  const n = shape.resolution, m = n + 2, strides = [1, m, m * m];
  const inside = new Uint8Array(m ** 3), vertices = new Int32Array(3 * m ** 3);
  let at = shape.start;
  for (let sample = 0, state = 0; sample < n ** 3; state ^= 1) {
    let run = 0, factor = 1, byte;
    do { byte = data[at++]; run += (byte & 127) * factor; factor *= 128; } while (byte & 128);
    for (const end = sample + run; sample < end; sample++) {
      inside[sample % n + 1 + m * (Math.floor(sample / n) % n + 1) + m * m * (Math.floor(sample / (n * n)) + 1)] = state;
    }
  }
  const coordinate = place => 2 * Math.min(Math.max(place - 1, 0), n - 1) / (n - 1) - 1;
  const lattice = visit => {
    for (let k = 0, p = 0; k < m; k++) for (let j = 0; j < m; j++) for (let i = 0; i < m; i++, p++) visit([i, j, k], p);
  };
  const points = [], corners = [];
  lattice((place, p) => {
    for (let axis = 0; axis < 3; axis++) {
      const next = place[axis] + 1;
      if (next === m || inside[p] === inside[p + strides[axis]]) continue;
      // Between the layer and the lattice there is no way to go.
      const part = next === 1 || next === m - 1 ? 0 : data[at++] / 255;
      const point = place.map(coordinate);
      point[axis] += part * (coordinate(next) - point[axis]);
      vertices[3 * p + axis] = points.length / 3;
      points.push(...point);
    }
  });
  // An edge of a cell is an axis, and a place on each of the other two.
  const edges = Array.from({ length: 12 }, (_, edge) => {
    const axis = edge >> 2, others = strides.filter((_, k) => k !== axis);
    return 3 * ((edge & 1) * others[0] + (edge >> 1 & 1) * others[1]) + axis;
  });
  lattice((place, p) => {
    if (place.includes(m - 1)) return;
    let cell = 0;
    for (let c = 0; c < 8; c++) cell |= inside[p + (c & 1) + m * (c >> 1 & 1) + m * m * (c >> 2)] << c;
    for (const edge of cases[cell]) corners.push(vertices[3 * p + edges[edge]]);
  });
  const low = [1, 1, 1], high = [-1, -1, -1];
  points.forEach((x, i) => { low[i % 3] = Math.min(low[i % 3], x); high[i % 3] = Math.max(high[i % 3], x); });
  const places = Float32Array.from(points, (x, i) => x - (low[i % 3] + high[i % 3]) / 2);
  let radius = 0;
  for (let i = 0; i < places.length; i += 3) radius = Math.max(radius, Math.hypot(places[i], places[i + 1], places[i + 2]));
  for (let i = 0; i < places.length; i++) places[i] /= radius || 1;
  return normals(places, Uint32Array.from(corners));
}

/** Each corner's normal is the sum of those of the triangles around it that no sharp edge divides from its own. */
function normals(places, corners) {
  const faces = new Float32Array(corners.length), around = new Uint32Array(places.length / 3 + 1);
  for (let t = 0; t < corners.length; t += 3) {
    const [a, b, c] = [0, 1, 2].map(k => 3 * corners[t + k]);
    const [ux, uy, uz, vx, vy, vz] = [b, c].flatMap(p => [0, 1, 2].map(k => places[p + k] - places[a + k]));
    // Twice the area long, so that large triangles count more.
    faces.set([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx], t);
    for (let k = 0; k < 3; k++) around[corners[t + k] + 1]++;
  }
  for (let v = 1; v < around.length; v++) around[v] += around[v - 1];
  const next = around.slice(), triangles = new Uint32Array(corners.length);
  for (let i = 0; i < corners.length; i++) triangles[next[corners[i]]++] = i - i % 3;
  const out = new Float32Array(6 * corners.length);
  const length = t => Math.hypot(faces[t], faces[t + 1], faces[t + 2]);
  for (let i = 0; i < corners.length; i++) {
    const own = i - i % 3, vertex = corners[i], least = CREASE * length(own);
    let x = 0, y = 0, z = 0;
    for (let k = around[vertex]; k < around[vertex + 1]; k++) {
      const t = triangles[k];
      const dot = faces[t] * faces[own] + faces[t + 1] * faces[own + 1] + faces[t + 2] * faces[own + 2];
      if (t === own || dot > least * length(t)) { x += faces[t]; y += faces[t + 1]; z += faces[t + 2]; }
    }
    out.set(places.subarray(3 * vertex, 3 * vertex + 3), 6 * i);
    out.set([x, y, z], 6 * i + 3);
  }
  return out;
}

/** What is needed to draw, or null where the browser cannot. */
function renderer(canvas) {
  const gl = canvas.getContext("webgl2", { antialias: true });
  if (!gl) return null;
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return null;
  gl.useProgram(program);
  gl.enable(gl.DEPTH_TEST);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  for (const [name, offset] of [["place", 0], ["normal", 12]]) {
    const place = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 24, offset);
  }
  return { gl, turn: gl.getUniformLocation(program, "turn"), scale: gl.getUniformLocation(program, "scale") };
}

function start(figure, shapes, cases, data) {
  const canvas = figure.querySelector("canvas"), choices = figure.querySelector(".choices");
  let drawn = renderer(canvas);
  if (!drawn || !shapes.length) {
    const note = document.createElement("p");
    note.className = "soft";
    note.textContent = drawn ? "There is no shape to show." : "This browser has no WebGL 2, which shapes are drawn with.";
    canvas.replaceWith(note);
    return;
  }
  let view = { ...HOME }, shown = -1, waiting = false;

  const draw = () => {
    waiting = false;
    const ratio = window.devicePixelRatio || 1, { gl } = drawn;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map(side => Math.max(1, Math.round(side * ratio)));
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const [a, e] = [view.azimuth, view.elevation].map(degrees => degrees * Math.PI / 180);
    const [ca, sa, ce, se] = [Math.cos(a), Math.sin(a), Math.cos(e), Math.sin(e)];
    // Columns of the rotation.
    gl.uniformMatrix3fv(drawn.turn, false, [ca, -se * sa, ce * sa, 0, ce, se, -sa, -se * ca, ce * ca]);
    const side = Math.min(width, height) * 0.95 * view.scale;
    gl.uniform2f(drawn.scale, side / width, side / height);
    gl.drawArrays(gl.TRIANGLES, 0, shapes[shown].corners.length / 6);
  };
  const redraw = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };
  const turn = (right, up) => {
    view.azimuth = (view.azimuth + right + 720) % 360;
    view.elevation = Math.max(-90, Math.min(90, view.elevation + up));
    redraw();
  };
  const zoom = factor => { view.scale = Math.max(0.3, Math.min(20, view.scale * factor)); redraw(); };
  const show = i => {
    shown = i;
    shapes[i].corners ??= surface(shapes[i], cases, data);
    const { name, corners } = shapes[i], { gl } = drawn, triangles = corners.length / 18;
    gl.bufferData(gl.ARRAY_BUFFER, corners, gl.STATIC_DRAW);
    buttons.forEach((button, k) => button.setAttribute("aria-pressed", k === i));
    figure.querySelector("output").textContent = triangles ? `${name}, ${triangles} triangles.` : `${name}: no surface.`;
    redraw();
  };
  const buttons = shapes.map((shape, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = shape.name;
    button.addEventListener("click", () => show(i));
    return button;
  });
  choices.append(...buttons);

  handle(canvas, (right, down) => turn(-0.5 * right, 0.5 * down), {
    ArrowLeft: () => turn(10, 0), ArrowRight: () => turn(-10, 0), ArrowUp: () => turn(0, -10), ArrowDown: () => turn(0, 10),
    "+": () => zoom(1.2), "=": () => zoom(1.2), "-": () => zoom(1 / 1.2), Home: () => { view = { ...HOME }; redraw(); },
  }, zoom);
  // A graphics driver may take a context away and give it back empty.
  canvas.addEventListener("webglcontextlost", event => event.preventDefault());
  canvas.addEventListener("webglcontextrestored", () => { drawn = renderer(canvas) || drawn; show(shown); });
  new ResizeObserver(redraw).observe(canvas);
  show(0);
}
})();
