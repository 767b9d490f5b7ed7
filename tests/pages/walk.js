(async () => {
  // At rest each picture is as fine as it gets; a busy machine takes longer.
  const settled = async canvas => {
    let last;
    for (let i = 0; i < 20; i++) {
      await wait(400);
      const now = await pixels(canvas);
      if (last && last.width === now.width && changed(last, now) === 0) return now;
      last = now;
    }
    return last;
  };
  await wait(400);
  const walk = document.querySelector("figure.walk"), main = walk.querySelector("canvas.main");
  const first = await settled(main);
  const light = first.data.filter((value, i) => i % 4 === 0 && value > 40).length / (first.width * first.height);
  note("drawn", light);
  drag(main, 60, 0);
  const dragged = await settled(main);
  note("changed by dragging", changed(first, dragged));
  // Far enough for another network where the page does not mix them.
  for (let i = 0; i < 15; i++) key(main, "ArrowLeft");
  const left = await settled(main);
  note("changed by arrow", changed(dragged, left));
  const level = walk.querySelector("[name=level]");
  level.value = 1;
  level.dispatchEvent(new Event("input"));
  const disturbed = await settled(main);
  note("changed by disturbance", changed(left, disturbed));
  const choice = walk.querySelector("select");
  choice.value = 1;
  choice.dispatchEvent(new Event("input"));
  note("changed by other shots", changed(disturbed, await settled(main)));

  const look = document.querySelector("figure.look"), sample = look.querySelector("canvas.main");
  // 82 pixels without the border: every third is where one of the program's 28 is.
  sample.style.width = "84px";
  const before = await settled(sample);
  // The report's own picture of the first sample, above its nearest shot, made by the program at the native resolution.
  const picture = document.querySelector(".pairs img"), spec = JSON.parse(look.querySelector("[data-name=spec]").textContent);
  const copy = Object.assign(document.createElement("canvas"), { width: before.width, height: before.height });
  const context = copy.getContext("2d");
  context.drawImage(picture, 0, 0);
  const truth = context.getImageData(0, 0, spec.width, spec.height);
  let total = 0;
  for (let y = 0; y < spec.height; y++) for (let x = 0; x < spec.width; x++) {
    const [px, py] = [[x, spec.width, before.width], [y, spec.height, before.height]].map(([i, n, m]) => Math.round(i * (m - 1) / (n - 1)));
    total += Math.abs(truth.data[4 * (y * spec.width + x)] - before.data[4 * (py * before.width + px)]);
  }
  note("off the program's picture", total / (spec.width * spec.height));
  const slider = look.querySelector("input");
  slider.value = 1;
  slider.dispatchEvent(new Event("input"));
  const second = await settled(sample);
  // Samples of a tiny run can be all alike; what is written below them is not.
  note("changed by other sample", look.querySelector("output").textContent.startsWith("2 of ") ? 1 : 0);
  key(sample, "+");
  note("changed by zoom", changed(second, await settled(sample)));
  finish();
})();
