// Shows what is chosen. The choice stands in the address (#unit=klimop&wave=2025...), so that it can be shared and undone.
// Every text and number comes ready from the data; texts enter the page as text only, figures only from our own files.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const FIELDS = ["language", "unit", "wave", "indicator", "figure"];
const SVG = "http://www.w3.org/2000/svg";
const at = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// What can be chosen, given the language. What the address names and is not there falls back to the first choice.
function choices(page) {
  const languages = Object.entries(data.pages).map(([id, other]) => ({ id, name: other.name, lang: other.locale }));
  return { language: languages, unit: page.units, wave: page.waves, indicator: page.indicators };
}

function choice() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const pick = (field, known) => [asked.get(field), data.first[field], known[0].id].find((id) => known.some((one) => one.id === id));
  const language = pick("language", choices(data.pages[data.first.language]).language);
  const page = data.pages[language];
  const chosen = { language };
  for (const field of ["unit", "wave", "indicator"]) chosen[field] = pick(field, choices(page)[field]);
  chosen.figure = pick("figure", figureGroups(page, chosen).flatMap(([, options]) => options));
  return chosen;
}

function choose() {
  const chosen = new URLSearchParams(FIELDS.map((field) => [field, at(field).value]));
  location.hash = chosen.toString();
}

// Selects are filled only when their options change, so that typing in one goes on undisturbed.
function fill(id, groups, value) {
  const wanted = JSON.stringify(groups);
  const select = at(id);
  if (select.dataset.filled !== wanted) {
    const option = (one) => element("option", one.lang ? { value: one.id, lang: one.lang } : { value: one.id }, one.name);
    const grouped = ([label, options]) => (label ? [element("optgroup", { label }, ...options.map(option))] : options.map(option));
    select.replaceChildren(...groups.flatMap(grouped));
    select.dataset.filled = wanted;
  }
  select.value = value;
}

function figureGroups(page, chosen) {
  const own = page.figures.filter((one) => one.of === "both" || one.of === "alliance");
  const all = page.figures.filter((one) => one.of === "all" || (one.of === "both" && chosen.unit === "all"));
  const name = page.units.find((one) => one.id === chosen.unit).name;
  const groups = [[page.texts.group_indicator, page.figures.filter((one) => one.of === "indicator")]];
  if (chosen.unit !== "all") groups.push([name, own]);
  return [...groups, [page.texts.group_all, all]].filter(([, options]) => options.length);
}

function figureName(page, chosen) {
  const of = page.figures.find((one) => one.id === chosen.figure).of;
  if (of === "indicator") return `${chosen.figure}_${chosen.indicator}_all.${chosen.language}`;
  return `${chosen.figure}_${of === "all" ? "all" : chosen.unit}.${chosen.language}`;
}

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
}

// A figure, with the outlines of letters that all figures share put back in their places.
async function picture(packed) {
  const [text, shapes] = await Promise.all([unpacked(packed), unpacked(data.shapes)]);
  const outlines = JSON.parse(shapes);
  const whole = text.replace(/(<path id="[^"]+" d=")@(\d+)"/g, (_, start, place) => `${start}${outlines[place]}"`);
  return document.importNode(new DOMParser().parseFromString(whole, "image/svg+xml").documentElement, true);
}

async function showFigure(page, chosen) {
  const name = figureName(page, chosen);
  const figure = data.figures[name];
  if (!figure) return showNoFigure(page.texts.figure_absent);
  const asked = location.hash;
  let drawn;
  try {
    drawn = await picture(figure.svg);
  } catch {
    return showNoFigure(page.texts.figure_unreadable);
  }
  if (location.hash !== asked) return; // another choice was made meanwhile
  at("picture").replaceChildren(drawn);
  at("caption").textContent = figure.caption;
  at("words").textContent = drawn.querySelector("desc")?.textContent ?? "";
  at("spoken").hidden = false;
  pointOut(page, drawn, chosen);
}

function showNoFigure(sentence) {
  at("picture").replaceChildren(element("p", { class: "absent" }, sentence));
  at("caption").textContent = "";
  at("spoken").hidden = true;
}

// In a figure that names its marks, frame the row of the chosen alliance and ring the mark of the chosen wave.
function pointOut(page, drawn, chosen) {
  const place = (part) => {
    const box = part.getBoundingClientRect();
    const back = drawn.getScreenCTM().inverse();
    const [start, end] = [new DOMPoint(box.left, box.top), new DOMPoint(box.right, box.bottom)].map((point) => point.matrixTransform(back));
    return { left: start.x, top: start.y, right: end.x, bottom: end.y };
  };
  const found = (id) => drawn.querySelector(`[id="${CSS.escape(id)}"]`);
  const row = [found(`name-${chosen.unit}`), ...page.waves.map((wave) => found(`mark-${chosen.unit}-${wave.id}`))];
  const mark = found(`mark-${chosen.unit}-${chosen.wave}`);
  if (row[0]) frame(drawn, row.filter(Boolean).map(place));
  if (mark) ring(drawn, place(mark));
}

function frame(drawn, boxes) {
  const width = drawn.viewBox.baseVal.width;
  const [top, bottom] = [Math.min(...boxes.map((box) => box.top)) - 3, Math.max(...boxes.map((box) => box.bottom)) + 3];
  draw(drawn, "rect", { x: 2, y: top, width: width - 4, height: bottom - top, rx: 3, class: "chosen-row" });
}

function ring(drawn, box) {
  const radius = Math.max(box.right - box.left, box.bottom - box.top) / 2 + 3;
  draw(drawn, "circle", { cx: (box.left + box.right) / 2, cy: (box.top + box.bottom) / 2, r: Math.min(radius, 9), class: "chosen-mark" });
}

function draw(drawn, name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  drawn.append(made);
}

function table(caption, head, rows) {
  const headings = head.map((one) => element("th", { scope: "col", ...one.attributes }, one.text));
  const body = rows.map(({ attributes, cells }) => element("tr", attributes, ...cells));
  return element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, ...headings)), element("tbody", {}, ...body));
}

const here = (is) => (is ? { "aria-current": "true" } : {});

function numberCell(said, attributes) {
  if (said.absent) return element("td", { ...attributes, class: "absent" }, said.absent);
  const parts = [element("strong", {}, said.value)];
  if (said.interval) parts.push(element("span", {}, said.interval));
  if (said.persons) parts.push(element("span", {}, said.persons));
  return element("td", attributes, ...parts.flatMap((part) => [part, " "]));
}

function numbersTable(page, chosen) {
  const { caption, levels, changes } = page.numbers[chosen.indicator];
  const { texts } = page;
  const waves = page.waves.map((wave) => ({ text: wave.name, attributes: here(wave.id === chosen.wave) }));
  const head = [{ text: texts.unit }, ...waves, { text: texts.col_change }, { text: texts.verdict }];
  const rows = page.rows.map((unit) => {
    const isChosen = unit.id === chosen.unit;
    const level = (wave) => (levels[unit.id] ? numberCell(levels[unit.id][wave.id], here(isChosen && wave.id === chosen.wave)) : element("td"));
    const change = changes[unit.id];
    const name = element("th", { scope: "row", ...here(isChosen) }, unit.name);
    const cells = [name, ...page.waves.map(level), numberCell(change, {}), element("td", {}, change.absent ? "" : change.verdict)];
    return { attributes: unit.id === "all" ? { class: "pooled" } : {}, cells };
  });
  return table(caption, head, rows);
}

function targetsTable(page, chosen) {
  const targets = page.targets[chosen.unit];
  if (targets.absent) return element("p", { class: "absent" }, targets.absent);
  const numeric = (place) => (place >= 2 && place < 7 ? { class: "number" } : {});
  const name = ([number, text]) => element("th", { scope: "row", ...(number ? { lang: targets.language } : {}) }, text);
  const cells = (row) => row.map((text, place) => (place === 1 ? name(row) : element("td", numeric(place), text)));
  const head = targets.columns.map((text, place) => ({ text, attributes: numeric(place) }));
  return table(targets.caption, head, targets.rows.map((row) => ({ attributes: {}, cells: cells(row) })));
}

function showNote(page, chosen, level) {
  const { texts } = page;
  const indicator = page.indicators.find((one) => one.id === chosen.indicator);
  const change = page.numbers[chosen.indicator].changes[chosen.unit];
  const told = [
    [texts.note_what, indicator.what],
    [texts.note_who, level.who ?? level.why],
    [texts.note_interval, level.range],
    [texts.note_size, level.size],
    [texts.note_change, change.sentence],
    [texts.note_target, level.target],
    [texts.note_remarks, level.remarks],
    [texts.note_method, indicator.method],
  ];
  at("note").replaceChildren(...told.filter(([, text]) => text).flatMap(([term, text]) => [element("dt", {}, term), element("dd", {}, text)]));
}

function showHeadline(page, chosen, level) {
  const name = (list) => (field) => list.find((one) => one.id === chosen[field]).name;
  const [unit, wave, indicator] = [name(page.units)("unit"), name(page.waves)("wave"), name(page.indicators)("indicator")];
  at("chosen").textContent = `${indicator} · ${unit} · ${wave}`;
  const value = element("strong", { class: level.absent ? "absent" : "" }, level.absent ?? level.value);
  const { scale } = page.indicators.find((one) => one.id === chosen.indicator);
  const interval = level.interval && `${page.texts.interval} ${level.interval}`;
  const rest = level.absent ? [] : [scale, interval, level.persons].filter(Boolean).map((text) => element("span", {}, text));
  at("headline").replaceChildren(...[value, ...rest].flatMap((part) => [part, " "]));
  document.title = [indicator, unit, wave, page.texts.title, page.texts.evaluation].join(" · ");
  at("status").textContent = `${unit}. ${level.sentence}`;
}

function show() {
  const chosen = choice();
  const page = data.pages[chosen.language];
  const level = page.numbers[chosen.indicator].levels[chosen.unit][chosen.wave];
  document.documentElement.lang = page.locale;
  for (const part of document.querySelectorAll("[data-text]")) part.textContent = page.texts[part.dataset.text];
  const known = choices(page);
  for (const field of ["language", "unit", "wave", "indicator"]) fill(field, [["", known[field]]], chosen[field]);
  fill("figure", figureGroups(page, chosen), chosen.figure);
  showHeadline(page, chosen, level);
  showNote(page, chosen, level);
  at("numbers").replaceChildren(numbersTable(page, chosen));
  at("targets").replaceChildren(targetsTable(page, chosen));
  showFigure(page, chosen);
}

for (const part of document.querySelectorAll("[data-live]")) part.hidden = false;
for (const field of FIELDS) at(field).addEventListener("change", choose);
at("choice").addEventListener("submit", (event) => event.preventDefault());
at("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address is for the choice
  at("result").focus();
});
addEventListener("hashchange", show);
show();
