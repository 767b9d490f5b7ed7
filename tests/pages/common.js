// What the scripts of the tests share: frames, pixels, events, and a place for what they find.
const report = document.body.appendChild(document.createElement("pre"));
report.id = "found";
// The browser prints the document when it has loaded, which it has not as long as a document in it is being written.
const holder = document.body.appendChild(document.createElement("iframe"));
holder.hidden = true;
holder.contentDocument.open();
const finish = () => holder.contentDocument.close();
const note = (what, value) => { report.textContent += `${what}: ${value}\n`; };
addEventListener("error", event => { report.textContent += `error: ${event.message}\n`; finish(); });
addEventListener("unhandledrejection", event => { report.textContent += `error: ${event.reason}\n`; finish(); });

const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
/** Pixels right after the page's own drawing in a frame, when what WebGL drew can be read. */
const pixels = canvas => new Promise(done => requestAnimationFrame(() => {
  const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  const context = copy.getContext("2d");
  context.drawImage(canvas, 0, 0);
  done(context.getImageData(0, 0, copy.width, copy.height));
}));
/** Share of the pixels that differ by more than rounding; pictures of different sizes are compared at places, not pixels. */
const changed = (a, b) => {
  let count = 0;
  for (let y = 0; y < a.height; y++) for (let x = 0; x < a.width; x++) {
    const i = 4 * (y * a.width + x);
    const j = 4 * ((y * b.height / a.height | 0) * b.width + (x * b.width / a.width | 0));
    if ([0, 1, 2, 3].some(k => Math.abs(a.data[i + k] - b.data[j + k]) > 1)) count++;
  }
  return count / (a.width * a.height);
};
const key = (target, name) => target.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
const drag = (target, dx, dy) => {
  const { left, top, width, height } = target.getBoundingClientRect();
  const send = (kind, to, x, y) => to.dispatchEvent(new PointerEvent(kind, {
    pointerId: 7, bubbles: true, cancelable: true, clientX: left + width / 2 + x, clientY: top + height / 2 + y,
  }));
  send("pointerdown", target, 0, 0);
  for (let i = 1; i <= 10; i++) send("pointermove", target, dx * i / 10, dy * i / 10);
  send("pointerup", target, dx, dy);
};
