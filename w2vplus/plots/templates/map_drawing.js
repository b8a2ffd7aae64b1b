// The interactive map, second part: dots, lines to neighbours, and labels, on a canvas.

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
