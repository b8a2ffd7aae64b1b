// The interactive map, third part: which word is where, what is told of it, and the search for words.

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

// Places without a neighbour come last and hold -1, which is beyond every word as an unsigned number.
const neighboursOf = (word) => near.subarray(word * perWord, (word + 1) * perWord).filter((other) => other < total);

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
    item.setAttribute("role", "presentation");
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
