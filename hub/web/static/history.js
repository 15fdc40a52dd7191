// Draws the numbers of the history's page. Without this script the table beneath has the values.

import uPlot from "./vendor/uplot.js";

const HEIGHT = 260;
const DAY_S = 86_400;
const MINUTE_S = 60;
const LINE = "#7fb4ff";
const BAND = "rgb(127 180 255 / 38%)";
const GRID = "#2a3546";
const SOFT = "#a6b4c8";

const language = { en: "en-GB" }[document.documentElement.lang] ?? document.documentElement.lang;

function formats(zone) {
  const of = (options) => new Intl.DateTimeFormat(language, { timeZone: zone, ...options });
  return {
    time: of({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    seconds: of({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
    day: of({ day: "numeric", month: "short" }),
    moment: of({
      day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit",
      hourCycle: "h23",
    }),
  };
}

const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });

function options(box, answer) {
  const { unit, zone, value, low, high, time } = box.dataset;
  const format = formats(zone);
  const at = (seconds) => new Date(seconds * 1000);
  const said = (_plot, number) =>
    number === null || number === undefined ? "–" : `${numbers.format(number)}${unit ? ` ${unit}` : ""}`;
  // a value holds until the next one; a mean stands for its hour
  const paths = uPlot.paths.stepped({ align: 1 });
  const edge = { paths, stroke: "transparent", width: 0, points: { show: false }, value: said };
  const axis = { stroke: SOFT, grid: { stroke: GRID, width: 1 }, ticks: { stroke: GRID } };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(at(seconds), zone),
    scales: { x: { time: true, range: [answer.since, answer.until] } },
    series: [
      { label: time, value: (_plot, seconds) => (seconds ? format.moment.format(at(seconds)) : "–") },
      { ...edge, label: low },
      { ...edge, label: high },
      { label: value, paths, stroke: LINE, width: 1.5, points: { show: false }, value: said },
    ],
    bands: [{ series: [2, 1], fill: BAND }],
    axes: [
      {
        ...axis,
        space: 70,
        values: (_plot, splits, _axis, _space, step) =>
          splits.map((second) => (step < DAY_S ? label(format, at(second), step) : format.day.format(at(second)))),
      },
      { ...axis, size: 64, values: (_plot, splits) => splits.map((number) => numbers.format(number)) },
    ],
    legend: { live: true },
    cursor: { drag: { x: true, y: false } },
  };
}

function label(format, moment, step) {
  const time = (step < MINUTE_S ? format.seconds : format.time).format(moment);
  return /[1-9]/.test(time) ? time : format.day.format(moment);
}

// the arrow keys move from value to value, Home and End to the ends

function listenToKeys(box, plot) {
  let index = null;
  box.addEventListener("keydown", (event) => {
    const last = plot.data[0].length - 1;
    const places = {
      ArrowLeft: index === null ? last : Math.max(0, index - 1),
      ArrowRight: index === null ? 0 : Math.min(last, index + 1),
      Home: 0,
      End: last,
    };
    if (!(event.key in places)) return;
    event.preventDefault();
    index = places[event.key];
    const value = plot.data[3][index];
    plot.setCursor({
      left: plot.valToPos(plot.data[0][index], "x"),
      top: value === null ? 0 : plot.valToPos(value, "y"),
    });
    box.querySelector("[data-said]").textContent = [0, 3]
      .map((series) => plot.series[series].value(plot, plot.data[series][index]))
      .join(": ");
  });
}

function draw(box, answer) {
  const plot = new uPlot(options(box, answer), [answer.at, answer.low, answer.high, answer.value], box);
  const said = document.createElement("p");
  said.className = "unseen";
  said.dataset.said = "";
  said.setAttribute("aria-live", "polite");
  box.append(said);
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `${box.dataset.name}. ${box.dataset.help}`);
  listenToKeys(box, plot);
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: HEIGHT })).observe(box);
}

async function load(box) {
  try {
    const response = await fetch(box.dataset.graph);
    if (!response.ok) throw new Error(response.statusText);
    draw(box, await response.json());
  } catch {
    box.textContent = box.dataset.failed;
  }
}

document.querySelectorAll("[data-graph]").forEach(load);

// taking a thing away, or another span, shows at once; without this there is the button

document.querySelector(".asking")?.addEventListener("change", ({ target }) => {
  const { span, from, to } = target.form.elements;
  if (target === from || target === to) span.value = "own";
  if (target === span && span.value !== "own") from.value = to.value = "";
  if (target.type === "checkbox" || (target === span && span.value !== "own")) {
    target.form.requestSubmit();
  }
});
