/**
 * Lets a canvas be handled: `move(right, down)` takes drags in pixels, `keys` has a function for each key, and `zoom`, if there
 * is one, takes a factor of pinches and of the wheel, which serves the page until the canvas has been clicked.
 */
function handle(canvas, move, keys, zoom) {
  const pointers = new Map();
  const spread = () => { const [a, b] = [...pointers.values()]; return Math.hypot(a.x - b.x, a.y - b.y) || 1; };
  canvas.addEventListener("pointerdown", event => pointers.set(event.pointerId, { x: event.clientX, y: event.clientY }));
  window.addEventListener("pointermove", event => {
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const before = pointers.size === 2 ? spread() : 0;
    const [right, down] = [event.clientX - last.x, event.clientY - last.y];
    [last.x, last.y] = [event.clientX, event.clientY];
    if (pointers.size === 1) move(right, down);
    if (before && zoom) zoom(spread() / before);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, event => pointers.delete(event.pointerId));
  }
  canvas.addEventListener("keydown", event => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  if (!zoom) return;
  canvas.addEventListener("wheel", event => {
    if (document.activeElement !== canvas) return;
    event.preventDefault();
    zoom(Math.exp(-0.001 * event.deltaY * (event.deltaMode ? 30 : 1)));
  }, { passive: false });
}
