// The interactive map, first part: the page's data, what is seen of them, and zooming. map_page.py joins the parts into
// one function. Words come in descending frequency; numbers come as base64 of little-endian arrays.

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
