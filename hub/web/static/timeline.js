// The timeline of the player: what is recorded of each camera, what is missing, what happened.

const HEAD_PX = 26;
const ROW_PX = 26;
const ROW_GAP_PX = 4;
const FRESH_MS = 15000;
const PREVIEW_MS = 150;
const TICKS_S = [
  1, 5, 10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400,
];
const TICK_PX = 90;
const COLOURS = {
  track: "#1b2432", recorded: "63 127 208", gap: "#e0554d", order: "#f5b83d", event: "#e8eef7",
  text: "#a6b4c8", line: "#2a3546", cursor: "#ffd75e", name: "#e8eef7",
};

export class Timeline {
  #box;
  #canvas;
  #picture = document.createElement("canvas");
  #cameras;
  #formats;
  #seek;
  #loaded;
  #span = 3600;
  #from = 0;
  #data = null;
  #at = 0;
  #asked = 0;
  #stale = 0;
  #preview;
  #previewTimer = 0;

  // `seek(at)` is called when somebody chooses a moment, `loaded(data)` when there is news
  constructor(box, cameras, formats, seek, loaded) {
    this.#box = box;
    this.#canvas = box.querySelector("canvas");
    this.#preview = box.querySelector("[data-preview]");
    this.#cameras = cameras;
    this.#formats = formats;
    this.#seek = seek;
    this.#loaded = loaded;
    new ResizeObserver(() => this.#paint()).observe(box);
    box.addEventListener("pointerdown", (event) => this.#drag(event));
    box.addEventListener("pointermove", (event) => this.#hover(event));
    box.addEventListener("pointerleave", () => (this.#preview.hidden = true));
    box.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  get span() {
    return this.#span;
  }

  get from() {
    return this.#from;
  }

  get to() {
    return this.#from + this.#span;
  }

  get events() {
    return this.#data?.events ?? [];
  }

  show(at) {
    this.#at = at;
    const margin = this.#span / 20;
    if (at < this.#from + margin || at > this.to - margin) this.#move(at - this.#span / 2);
    else if (performance.now() > this.#stale) this.#load();
    this.#say();
    this.#draw();
  }

  widen(span) {
    this.#span = span;
    this.#move(this.#at - span / 2);
  }

  // what a camera's main stream, or the first it has, holds at a moment: a gap, true, or null
  stateAt(camera, at) {
    const drawn = this.#drawn(camera);
    if (!drawn) return null;
    if (drawn.spans.some(([start, end]) => start <= at && at < end)) return true;
    if (drawn.open !== null && drawn.open <= at) return true;
    return drawn.gaps.find((gap) => gap.start <= at && at < gap.end) ?? null;
  }

  // the first moment behind another at which any camera has something
  nextRecorded(at) {
    const starts = this.#cameras.flatMap(({ camera }) => {
      const drawn = this.#drawn(camera);
      return drawn ? [...drawn.spans.map(([start]) => start), drawn.open ?? Infinity] : [];
    });
    const next = Math.min(...starts.filter((start) => start > at));
    return Number.isFinite(next) ? next : null;
  }

  #drawn(camera) {
    const streams = this.#data?.cameras.find((one) => one.camera === camera)?.streams ?? {};
    return streams.main ?? Object.values(streams)[0];
  }

  #move(from) {
    this.#from = from;
    this.#paint();
    this.#load();
  }

  async #load() {
    this.#stale = performance.now() + FRESH_MS;
    const asked = (this.#asked += 1);
    const query = new URLSearchParams(this.#cameras.map(({ camera }) => ["camera", camera]));
    query.set("from", new Date(this.#from * 1000).toISOString());
    query.set("to", new Date(this.to * 1000).toISOString());
    query.set("points", String(Math.max(100, Math.round(this.#box.clientWidth / 2))));
    try {
      const response = await fetch(`/api/v1/archive/timeline?${query}`);
      if (!response.ok || asked !== this.#asked) return;
      this.#data = await response.json();
      this.#loaded(this.#data);
      this.#paint();
    } catch {
      // the hub is away; it is asked again
    }
  }

  // a place on the screen and a moment

  #x(at) {
    return ((at - this.#from) / this.#span) * this.#box.clientWidth;
  }

  #moment(event) {
    const box = this.#box.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return this.#from + share * this.#span;
  }

  #drag(event) {
    if (event.button !== 0) return;
    this.#box.setPointerCapture(event.pointerId);
    this.#seek(this.#moment(event));
    const move = (moved) => this.#seek(this.#moment(moved));
    this.#box.addEventListener("pointermove", move);
    const end = () => this.#box.removeEventListener("pointermove", move);
    this.#box.addEventListener("pointerup", end, { once: true });
    this.#box.addEventListener("pointercancel", end, { once: true });
  }

  #wheel(event) {
    if (!event.shiftKey && !event.deltaX) return; // the page scrolls
    event.preventDefault();
    const step = (event.deltaX || event.deltaY) / this.#box.clientWidth;
    this.#move(this.#from + step * this.#span);
  }

  // a small picture of the moment under the pointer
  #hover(event) {
    const row = Math.floor((event.offsetY - HEAD_PX) / (ROW_PX + ROW_GAP_PX));
    const camera = this.#cameras[row]?.camera;
    const at = this.#moment(event);
    const [image, text] = [this.#preview.querySelector("img"), this.#preview.querySelector("figcaption")];
    this.#preview.hidden = !camera;
    if (!camera) return;
    const gap = this.stateAt(camera, at);
    text.textContent = `${this.#formats.moment(at)}${gap?.text ? ` · ${gap.text}` : ""}`;
    const half = this.#preview.offsetWidth / 2;
    const middle = Math.min(this.#box.clientWidth - half, Math.max(half, event.offsetX));
    this.#preview.style.left = `${middle - half}px`;
    clearTimeout(this.#previewTimer);
    this.#previewTimer = setTimeout(() => {
      const query = new URLSearchParams({ at: new Date(Math.floor(at / 10) * 10000).toISOString() });
      if (gap === true) image.src = `/api/v1/cameras/${encodeURIComponent(camera)}/thumbnail.jpg?${query}`;
      else image.removeAttribute("src");
    }, PREVIEW_MS);
  }

  // for those who do not see it
  #say() {
    this.#box.setAttribute("aria-valuemin", Math.floor(this.#from));
    this.#box.setAttribute("aria-valuemax", Math.floor(this.to));
    this.#box.setAttribute("aria-valuenow", Math.floor(this.#at));
    const states = this.#cameras.map(({ camera, name }) => {
      const state = this.stateAt(camera, this.#at);
      return `${name}: ${state === true ? this.#formats.recorded : (state?.text ?? this.#formats.nothing)}`;
    });
    this.#box.setAttribute("aria-valuetext", `${this.#formats.moment(this.#at)}. ${states.join(". ")}`);
  }

  // all but the moment, which moves: kept as a picture
  #paint() {
    const width = this.#box.clientWidth;
    const height = HEAD_PX + this.#cameras.length * (ROW_PX + ROW_GAP_PX);
    const scale = window.devicePixelRatio || 1;
    this.#box.style.height = `${height}px`;
    for (const canvas of [this.#canvas, this.#picture]) {
      canvas.width = Math.max(1, Math.round(width * scale));
      canvas.height = Math.round(height * scale);
    }
    const draw = this.#picture.getContext("2d");
    draw.setTransform(scale, 0, 0, scale, 0, 0);
    this.#drawTicks(draw, width, height);
    this.#cameras.forEach(({ camera, name }, row) => {
      this.#drawRow(draw, camera, name, HEAD_PX + row * (ROW_PX + ROW_GAP_PX), width);
    });
    for (const event of this.events) this.#drawEvent(draw, event);
    this.#draw();
  }

  #draw() {
    const draw = this.#canvas.getContext("2d");
    const scale = window.devicePixelRatio || 1;
    draw.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    draw.drawImage(this.#picture, 0, 0);
    draw.fillStyle = COLOURS.cursor;
    draw.fillRect((this.#x(this.#at) - 1) * scale, 0, 2 * scale, this.#canvas.height);
  }

  #drawTicks(draw, width, height) {
    const least = (this.#span / width) * TICK_PX;
    const step = TICKS_S.find((one) => one >= least) ?? TICKS_S.at(-1);
    const shift = this.#formats.offset(this.#from); // so that days begin at midnight of the town
    draw.font = "12px system-ui, sans-serif";
    draw.textBaseline = "middle";
    for (let at = Math.ceil((this.#from + shift) / step) * step - shift; at < this.to; at += step) {
      const x = this.#x(at);
      draw.fillStyle = COLOURS.line;
      draw.fillRect(x, HEAD_PX - 6, 1, height);
      draw.fillStyle = COLOURS.text;
      draw.fillText(this.#formats.tick(at, step), x + 4, HEAD_PX / 2);
    }
  }

  #drawRow(draw, camera, name, top, width) {
    draw.fillStyle = COLOURS.track;
    draw.fillRect(0, top, width, ROW_PX);
    const drawn = this.#drawn(camera);
    if (drawn) {
      const spans = [...drawn.spans];
      if (drawn.open !== null) spans.push([Math.max(drawn.open, this.#from), this.#data.now]);
      this.#drawSpans(draw, drawn, spans, top);
      draw.fillStyle = COLOURS.gap;
      for (const gap of drawn.gaps) this.#bar(draw, gap.start, gap.end, top + ROW_PX / 2 - 3, 6);
    }
    draw.fillStyle = COLOURS.order;
    for (const order of this.#data?.recordings ?? []) {
      if (order.camera === camera) this.#bar(draw, order.start, order.end, top + ROW_PX - 4, 4);
    }
    if (this.#cameras.length > 1) {
      draw.fillStyle = COLOURS.name;
      draw.fillText(name, 6, top + ROW_PX / 2);
    }
  }

  // how much was recorded in each stretch stands in it as a column
  #drawSpans(draw, drawn, spans, top) {
    draw.fillStyle = `rgb(${COLOURS.recorded} / 55%)`;
    for (const [start, end] of spans) this.#bar(draw, start, end, top, ROW_PX);
    const most = Math.max(1, ...drawn.density.map(([, bytes]) => bytes));
    draw.fillStyle = `rgb(${COLOURS.recorded} / 60%)`;
    let first = 0;
    for (const [at, bytes] of drawn.density) {
      const tall = Math.max(2, Math.round((bytes / most) * ROW_PX));
      while (first < spans.length && spans[first][1] <= at) first += 1;
      for (let n = first; n < spans.length && spans[n][0] < at + drawn.step; n += 1) {
        const [low, high] = [Math.max(spans[n][0], at), Math.min(spans[n][1], at + drawn.step)];
        this.#bar(draw, low, high, top + ROW_PX - tall, tall, 0);
      }
    }
  }

  #bar(draw, start, end, top, height, least = 1) {
    const [left, right] = [Math.max(0, this.#x(start)), Math.min(this.#box.clientWidth, this.#x(end))];
    if (right >= 0 && left <= this.#box.clientWidth) {
      draw.fillRect(left, top, Math.max(least, right - left), height);
    }
  }

  #drawEvent(draw, event) {
    const x = this.#x(event.at);
    draw.fillStyle = event.incident === null ? COLOURS.event : COLOURS.gap;
    draw.beginPath();
    draw.moveTo(x - 4, HEAD_PX - 9);
    draw.lineTo(x + 4, HEAD_PX - 9);
    draw.lineTo(x, HEAD_PX - 1);
    draw.fill();
  }
}
