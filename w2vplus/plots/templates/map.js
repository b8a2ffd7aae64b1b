"use strict";
// The interactive map: draws words from the page's own data on a canvas and answers hover, click, search and zoom.
// Words come in descending frequency. Numbers come as base64 of little-endian arrays (see map_page.py).
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const element = (id) => document.getElementById(id);
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const { words, groups, ranks, counts } = data;
  const total = words.length;
  const xs = new Uint16Array(bytes(data.x).buffer), ys = new Uint16Array(bytes(data.y).buffer);
  const groupOf = bytes(data.group_of);
  const near = new Uint32Array(bytes(data.near).buffer), cosines = new Int8Array(bytes(data.cosines).buffer);
  const perWord = data.neighbours;
  const SPAN = 65535;

  const canvas = element("map"), stage = element("stage"), tip = element("tip");
  const context = canvas.getContext("2d");
  const FONT = '12px system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif';
  const LABEL_HEIGHT = 15, REACH = 14, MOST_ZOOM = 400, MARGIN = 24;

  // ---- State. Screen x = xs * scale + left, y = ys * scale + top (y grows downwards in the data, too).
  let width = 1, height = 1, ratio = 1;
  let fitted = 1, scale = 1, left = 0, top = 0;
  let hovered = -1, selected = -1, group = -1, matches = new Set();
  let colors = {}, pixels = null, waiting = false;
  const labels = new Map();
  const widths = new Float32Array(total);
  const timing = { draws: 0, last: 0 };

  const screenX = (word) => xs[word] * scale + left;
  const screenY = (word) => ys[word] * scale + top;

  function readColors() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["ground", "ink", "accent"]) colors[name] = style.getPropertyValue(`--${name}`).trim();
    labels.clear();
    redraw();
  }

  function resize() {
    const box = stage.getBoundingClientRect();
    const middle = [(width / 2 - left) / scale, (height / 2 - top) / scale], first = width === 1;
    const zoom = scale / fitted;
    width = Math.max(1, box.width); height = Math.max(1, box.height); ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    fitted = Math.min((width - 2 * MARGIN) / data.width, (height - 2 * MARGIN) / data.height);
    fitted = Math.max(fitted, 1e-6);  // in a window without room
    if (first) return showAll();
    scale = fitted * zoom;
    left = width / 2 - middle[0] * scale; top = height / 2 - middle[1] * scale;
    labels.clear();
    redraw();
  }

  function showAll() {
    scale = fitted;
    left = (width - data.width * scale) / 2; top = (height - data.height * scale) / 2;
    redraw();
  }

  function zoomAt(x, y, factor) {
    const next = Math.min(Math.max(scale * factor, fitted / 2), fitted * MOST_ZOOM);
    left = x - (x - left) * (next / scale); top = y - (y - top) * (next / scale);
    scale = next;
    redraw();
  }

  function pan(dx, dy) {
    left += dx; top += dy;
    redraw();
  }

  // ---- Drawing

  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  }

  const radius = () => Math.min(5, Math.max(1.6, 3.2 * Math.sqrt((scale / fitted) * Math.min(1, 1500 / total))));

  // Dots are written into the picture's bytes: for 20,000 of them several times as quick as drawing paths or images.
  // A dot is a mask of how much of each pixel it covers, a row after the other.
  function maskOf(size) {
    const reach = Math.ceil(size + 0.5), side = 2 * reach + 1, mask = new Float32Array(side * side);
    for (let at = 0; at < mask.length; at++) {
      const far = Math.hypot((at % side) - reach, Math.floor(at / side) - reach);
      mask[at] = Math.min(1, Math.max(0, size + 0.5 - far));
    }
    return { mask, reach, side };
  }

  function rgb(color) {
    const value = parseInt(color.slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  }

  function drawDots() {
    const wide = canvas.width, high = canvas.height;
    if (!pixels || pixels.width !== wide || pixels.height !== high) pixels = context.createImageData(wide, high);
    const whole = new Uint32Array(pixels.data.buffer), out = pixels.data;
    const [red, green, blue] = rgb(colors.ground);
    whole.fill(((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0);
    const { mask, reach, side } = maskOf(radius() * ratio);
    const inks = groups.map((one) => rgb(one.color));
    const dimmed = selected >= 0 || matches.size > 0;
    // The most frequent come last, on top.
    for (let word = total - 1; word >= 0; word--) {
      const left = Math.round(screenX(word) * ratio) - reach, top = Math.round(screenY(word) * ratio) - reach;
      if (left <= -side || top <= -side || left >= wide || top >= high) continue;
      const aside = (group >= 0 && groupOf[word] !== group) || (dimmed && !matches.has(word));
      const strength = aside ? 0.25 : 0.9, [r, g, b] = inks[groupOf[word]];
      for (let row = Math.max(0, -top); row < side && top + row < high; row++) {
        for (let column = Math.max(0, -left); column < side && left + column < wide; column++) {
          const cover = mask[row * side + column] * strength;
          if (cover === 0) continue;
          const at = ((top + row) * wide + left + column) * 4;
          out[at] += (r - out[at]) * cover;
          out[at + 1] += (g - out[at + 1]) * cover;
          out[at + 2] += (b - out[at + 2]) * cover;
        }
      }
    }
    context.putImageData(pixels, 0, 0);
  }

  function drawNeighbours() {
    if (selected < 0) return;
    context.strokeStyle = colors.accent;
    context.lineWidth = 1;
    context.globalAlpha = 0.6;
    context.beginPath();
    for (const other of neighboursOf(selected)) {
      context.moveTo(screenX(selected), screenY(selected));
      context.lineTo(screenX(other), screenY(other));
    }
    context.stroke();
    context.globalAlpha = 1;
    for (const word of [...neighboursOf(selected), selected]) ring(word, word === selected ? 3 : 1.5);
  }

  function ring(word, thickness) {
    const size = Math.max(3, radius());
    context.beginPath();
    context.arc(screenX(word), screenY(word), size, 0, 2 * Math.PI);
    context.fillStyle = groups[groupOf[word]].color;
    context.fill();
    context.lineWidth = thickness;
    context.strokeStyle = colors.ink;
    context.stroke();
  }

  // A label, with a seam of the ground's colour around it, is painted once and then copied.
  function labelOf(word) {
    if (!labels.has(word)) {
      if (labels.size > 3000) labels.clear();
      context.font = FONT;
      const wide = Math.ceil(context.measureText(words[word]).width) + 4, image = document.createElement("canvas");
      image.width = Math.ceil(wide * ratio);
      image.height = Math.ceil((LABEL_HEIGHT + 4) * ratio);
      const pen = image.getContext("2d");
      pen.scale(ratio, ratio);
      pen.font = FONT;
      pen.textBaseline = "middle";
      pen.lineJoin = "round";
      pen.lineWidth = 3;
      pen.strokeStyle = colors.ground;
      pen.strokeText(words[word], 2, LABEL_HEIGHT / 2 + 2);
      pen.fillStyle = colors.ink;
      pen.fillText(words[word], 2, LABEL_HEIGHT / 2 + 2);
      labels.set(word, { image, wide });
    }
    return labels.get(word);
  }

  // Labels go to the words first that the reader asked about, then by frequency, each where none lies yet.
  function drawLabels() {
    const taken = new Map(), gap = radius() + 2;
    const most = Math.ceil((width * height) / 2500);
    let placed = 0, tried = 0;
    const place = (word, certain) => {
      const x = screenX(word), y = screenY(word);
      if (x < 0 || y < 0 || x > width || y > height || (!certain && ++tried > 3000)) return;
      const wide = certain || labels.has(word) ? labelOf(word).wide : (widths[word] ||= widthOf(word));
      const middle = LABEL_HEIGHT / 2, across = x - wide / 2;
      const spots = [[x + gap, y - middle], [x - gap - wide, y - middle], [across, y - gap - LABEL_HEIGHT], [across, y + gap]];
      for (let spot = 0; spot < spots.length; spot++) {
        const [at, above] = spots[spot], last = certain && spot === spots.length - 1;
        const outside = at < 0 || at + wide > width || above < 0 || above + LABEL_HEIGHT > height;
        if ((outside && !last) || !claim(taken, at, above, wide, last)) continue;
        const { image } = labelOf(word);
        // At whole pixels: between them letters blur.
        const [whereX, whereY] = [at, above - 2].map((value) => Math.round(value * ratio) / ratio);
        context.drawImage(image, whereX, whereY, image.width / ratio, image.height / ratio);
        placed++;
        return;
      }
    };
    const asked = [...new Set([selected, ...(selected >= 0 ? neighboursOf(selected) : []), hovered, ...matches])];
    for (const word of asked.slice(0, 60)) if (word >= 0) place(word, true);
    const plain = selected < 0 && matches.size === 0;
    for (let word = 0; plain && word < total && placed < most; word++) {
      if (group < 0 || groupOf[word] === group) place(word, false);
    }
  }

  // Most words find no place; painting their labels to know their widths would be in vain.
  function widthOf(word) {
    context.font = FONT;
    return Math.ceil(context.measureText(words[word]).width) + 4;
  }

  // Whether the box is free, and takes it; boxes are kept in rows of the height of a label.
  function claim(taken, x, y, wide, anyway) {
    const first = Math.floor(y / LABEL_HEIGHT), rows = [first, first + 1].map((row) => taken.get(row) || []);
    const meets = ([a, b, c]) => x < b && x + wide > a && y < c + LABEL_HEIGHT && y + LABEL_HEIGHT > c;
    if (!anyway && rows.some((row) => row.some(meets))) return false;
    for (const row of [first, first + 1]) {
      if (!taken.has(row)) taken.set(row, []);
      taken.get(row).push([x, x + wide, y]);
    }
    return true;
  }

  function draw() {
    const begun = performance.now();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawDots();
    drawNeighbours();
    if (hovered >= 0 && hovered !== selected) ring(hovered, 2);
    drawLabels();
    timing.draws++;
    timing.last = performance.now() - begun;
  }

  // ---- Which word is at a point: words by cells of the data, so that few are looked at

  const CELLS = 128;
  const cellOf = (word) => (ys[word] * CELLS >> 16) * CELLS + (xs[word] * CELLS >> 16);
  const starts = new Uint32Array(CELLS * CELLS + 1), sorted = new Uint32Array(total);
  for (let word = 0; word < total; word++) starts[cellOf(word) + 1]++;
  for (let cell = 0; cell < CELLS * CELLS; cell++) starts[cell + 1] += starts[cell];
  const filled = starts.slice();
  for (let word = 0; word < total; word++) sorted[filled[cellOf(word)]++] = word;

  function wordAt(x, y) {
    const cell = (value) => Math.min(CELLS - 1, Math.max(0, Math.floor((value * CELLS) / (SPAN + 1))));
    const [fromX, toX] = [x - REACH, x + REACH].map((value) => cell((value - left) / scale));
    const [fromY, toY] = [y - REACH, y + REACH].map((value) => cell((value - top) / scale));
    let best = -1, least = REACH * REACH;
    for (let row = fromY; row <= toY; row++) {
      for (let at = starts[row * CELLS + fromX]; at < starts[row * CELLS + toX + 1]; at++) {
        const word = sorted[at], dx = screenX(word) - x, dy = screenY(word) - y, far = dx * dx + dy * dy;
        if (far < least || (far === least && word < best)) { least = far; best = word; }
      }
    }
    return best;
  }

  // ---- What is known of a word

  const neighboursOf = (word) => near.subarray(word * perWord, (word + 1) * perWord);

  function factsOf(word) {
    const rank = `${ordinal(ranks ? ranks[word] : word + 1)} most frequent`;
    const count = counts ? `, ${counts[word].toLocaleString("en")} times` : "";
    return `${rank}${count} · ${groups[groupOf[word]].name}`;
  }

  function ordinal(number) {
    const ending = { 1: "st", 2: "nd", 3: "rd" }[number % 100 > 10 && number % 100 < 14 ? 0 : number % 10] || "th";
    return number.toLocaleString("en") + ending;
  }

  function hover(word, x, y) {
    canvas.classList.toggle("over", word >= 0);
    tip.hidden = word < 0;
    if (word >= 0) {
      const name = document.createElement("b"), facts = document.createElement("span");
      name.textContent = words[word];
      facts.textContent = factsOf(word);
      tip.replaceChildren(name, facts);
      const right = Math.min(x + 14, width - tip.offsetWidth - 4), low = y + 16 + tip.offsetHeight > height;
      tip.style.transform = `translate(${Math.max(4, right)}px, ${low ? y - tip.offsetHeight - 12 : y + 16}px)`;
    }
    if (word !== hovered) { hovered = word; redraw(); }
  }

  function select(word) {
    selected = word;
    matches = new Set(word < 0 ? [] : [word, ...neighboursOf(word)]);
    element("chosen").hidden = word < 0;
    if (word >= 0) {
      element("chosen").querySelector("h2").textContent = words[word];
      element("near").replaceChildren(...[...neighboursOf(word)].map((other, place) => {
        const button = entry(words[other], () => { select(other); bringIntoView(other); });
        const cosine = document.createElement("small");
        cosine.textContent = (cosines[word * perWord + place] / 100).toFixed(2);
        button.firstChild.append(cosine);
        return button;
      }));
    }
    redraw();
  }

  function bringIntoView(word) {
    const x = screenX(word), y = screenY(word), edge = 60;
    if (x < edge || y < edge || x > width - edge || y > height - edge) pan(width / 2 - x, height / 2 - y);
  }

  function entry(text, act) {
    const item = document.createElement("li"), button = document.createElement("button");
    const name = document.createElement("span");
    name.textContent = text;
    button.append(name);
    button.addEventListener("click", act);
    item.append(button);
    return item;
  }

  // ---- Search: words that are the text, then those that begin with it, then those that hold it

  const search = element("search"), found = element("found");
  const folded = words.map((word) => word.normalize("NFKC").toLowerCase());
  const MOST_FOUND = 12;
  let results = [], pointed = 0;

  function look() {
    const text = search.value.trim().normalize("NFKC").toLowerCase();
    const alike = text.replaceAll(" ", "_");
    results = [];
    if (text) {
      const kinds = [[], [], []];
      folded.forEach((word, index) => {
        if (word === text || word === alike) kinds[0].push(index);
        else if (word.startsWith(text) || word.startsWith(alike)) kinds[1].push(index);
        else if (word.includes(text) || word.includes(alike)) kinds[2].push(index);
      });
      results = kinds.flat();
    }
    selected = -1;
    element("chosen").hidden = true;
    matches = new Set(results);
    pointed = 0;
    listResults(text !== "");
    redraw();
  }

  function listResults(asking = true) {
    const shown = results.slice(0, MOST_FOUND).map((word, place) => {
      const item = entry(words[word], () => choose(word));
      item.firstChild.setAttribute("role", "option");
      item.firstChild.setAttribute("aria-selected", String(place === pointed));
      return item;
    });
    const rest = document.createElement("p");
    if (results.length > MOST_FOUND) rest.textContent = `and ${(results.length - MOST_FOUND).toLocaleString("en")} more`;
    if (!results.length && asking) rest.textContent = "no such word on this map";
    found.replaceChildren(...shown, ...(rest.textContent ? [rest] : []));
    search.setAttribute("aria-expanded", String(shown.length > 0));
  }

  function choose(word) {
    search.value = words[word];
    results = [];
    listResults(false);
    select(word);
    if (scale < fitted * 3) zoomAt(screenX(word), screenY(word), (fitted * 3) / scale);
    pan(width / 2 - screenX(word), height / 2 - screenY(word));
  }

  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => {
    const shown = Math.min(results.length, MOST_FOUND);
    if (event.key === "Enter" && shown) choose(results[pointed]);
    else if (event.key === "ArrowDown" && shown) { pointed = (pointed + 1) % shown; listResults(); }
    else if (event.key === "ArrowUp" && shown) { pointed = (pointed + shown - 1) % shown; listResults(); }
    else if (event.key === "Escape") { search.value = ""; look(); }
    else return;
    event.preventDefault();
  });

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
})();
