// The interactive map, last part: pointer, wheel, keys, buttons and legend; then the page begins to live.

// ---- Pointer, wheel, keys

const pointers = new Map();
let moved = 0;

const at = (event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

canvas.addEventListener("pointerdown", (event) => {
  if (event.button > 0) return;
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, at(event));
  moved = pointers.size > 1 ? Infinity : 0;
});

canvas.addEventListener("pointermove", (event) => {
  const [x, y] = at(event), before = pointers.get(event.pointerId);
  if (!before) return hover(wordAt(x, y), x, y);
  moved += Math.hypot(x - before[0], y - before[1]);
  if (pointers.size === 1) {
    if (moved > 4) { canvas.classList.add("dragged"); hover(-1); }
    pan(x - before[0], y - before[1]);
  } else {
    const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
    const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
    const is = Math.hypot(x - other[0], y - other[1]);
    if (was > 0 && is > 0) zoomAt((x + other[0]) / 2, (y + other[1]) / 2, is / was);
  }
  pointers.set(event.pointerId, [x, y]);
});

const release = (event) => {
  if (!pointers.delete(event.pointerId)) return;
  canvas.classList.remove("dragged");
  if (event.type === "pointerup" && moved <= 4) select(wordAt(...at(event)));
};
canvas.addEventListener("pointerup", release);
canvas.addEventListener("pointercancel", release);
canvas.addEventListener("pointerleave", () => hover(-1));
canvas.addEventListener("dblclick", (event) => zoomAt(...at(event), 2));
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 18 : 1;
  zoomAt(...at(event), Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) / 300));
}, { passive: false });

canvas.addEventListener("keydown", (event) => {
  const step = 60, middle = [width / 2, height / 2];
  const acts = {
    ArrowLeft: () => pan(step, 0), ArrowRight: () => pan(-step, 0),
    ArrowUp: () => pan(0, step), ArrowDown: () => pan(0, -step),
    "+": () => zoomAt(...middle, 1.5), "=": () => zoomAt(...middle, 1.5), "-": () => zoomAt(...middle, 1 / 1.5),
    0: showAll, Escape: () => select(-1),
  };
  if (!(event.key in acts) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  acts[event.key]();
});
element("closer").addEventListener("click", () => zoomAt(width / 2, height / 2, 1.5));
element("farther").addEventListener("click", () => zoomAt(width / 2, height / 2, 1 / 1.5));
element("all").addEventListener("click", showAll);

// ---- Legend: a press shows one group alone

groups.forEach((one, place) => {
  const item = entry(one.name, () => {
    group = group === place ? -1 : place;
    [...element("legend").children].forEach((other, index) => {
      other.firstChild.setAttribute("aria-pressed", String(index === group));
    });
    redraw();
  });
  const dot = document.createElement("i");
  dot.style.background = one.color;
  item.firstChild.prepend(dot);
  item.firstChild.setAttribute("aria-pressed", "false");
  element("legend").append(item);
});

new ResizeObserver(resize).observe(stage);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColors);
resize();
readColors();

// For scripts and tests that drive the page.
window.wordMap = {
  placeOf: (text) => { const word = words.indexOf(text); return word < 0 ? null : [screenX(word), screenY(word)]; },
  state: () => ({ zoom: scale / fitted, selected: words[selected] ?? null, hovered: words[hovered] ?? null }),
  timing: () => ({ ...timing }),
  drawNow: () => { draw(); return timing.last; },
};
