(async () => {
  await wait(50);
  const canvas = document.querySelector("figure.shapes canvas");
  if (!canvas) return note("no WebGL", 1);
  // Pixels are read in the frame in which the page draws, so each change comes right before.
  const after = async change => { change(); return pixels(canvas); };
  const home = await after(() => key(canvas, "Home"));
  const opaque = image => image.data.filter((_, i) => i % 4 === 3 && image.data[i] > 0).length / (image.width * image.height);
  const shades = image => new Set(image.data.filter((_, i) => i % 4 === 0 && image.data[i + 3] === 255)).size;
  note("drawn", opaque(home));
  note("shades", shades(home));
  const turned = await after(() => drag(canvas, 80, 30));
  note("changed by dragging", changed(home, turned));
  note("left of drag after the same drag back", changed(home, await after(() => drag(canvas, -80, -30))));
  const arrow = await after(() => key(canvas, "ArrowDown"));
  note("changed by arrow", changed(home, arrow));
  const larger = await after(() => key(canvas, "+"));
  note("changed by plus", changed(arrow, larger));
  note("left after Home", changed(home, await after(() => key(canvas, "Home"))));
  const other = await after(() => document.querySelectorAll("figure.shapes button")[1].click());
  note("changed by other shape", changed(home, other));
  // A box has three sides to see, each of one shade; edges are blended.
  const counts = new Map();
  other.data.forEach((value, i) => { if (i % 4 === 0 && other.data[i + 3] === 255) counts.set(value, (counts.get(value) ?? 0) + 1); });
  note("shades of a box", [...counts.values()].filter(count => count > 200).length);
  finish();
})();
