// The player of the archive: one clock for all cameras, which waits while one of them is not ready.

import { Screen, seconds } from "./screen.js";
import { Timeline } from "./timeline.js";

const BEHIND_NOW_S = 3;
const TICK_MS = 50;
const STEP_S = 5;
const ADDRESS_MS = 1000;
const LISTED = 200;
const ONE_FRAME_S = 0.04;

const language = { en: "en-GB" }[document.documentElement.lang] ?? document.documentElement.lang;

function formatsOf(zone, texts) {
  const of = (options) => new Intl.DateTimeFormat(language, { timeZone: zone, hourCycle: "h23", ...options });
  const time = { hour: "2-digit", minute: "2-digit" };
  const day = { day: "numeric", month: "short" };
  const formats = {
    moment: of({ ...day, ...time, second: "2-digit" }),
    clock: of({ ...day, year: "numeric", ...time, second: "2-digit", fractionalSecondDigits: 1 }),
    short: of({ ...time, second: "2-digit" }),
    minute: of(time),
    day: of(day),
  };
  const at = (moment) => new Date(moment * 1000);
  // how far the town's clocks are before UTC
  const offset = (moment) => {
    const parts = of({ year: "numeric", month: "numeric", day: "numeric", ...time, second: "2-digit" })
      .formatToParts(at(moment));
    const [year, month, date, hour, minute, second] = ["year", "month", "day", "hour", "minute", "second"]
      .map((type) => Number(parts.find((part) => part.type === type).value));
    return Date.UTC(year, month - 1, date, hour, minute, second) / 1000 - Math.floor(moment);
  };
  const tick = (moment, step) => {
    const midnight = (Math.round(moment) + offset(moment)) % 86400 === 0;
    if (step >= 86400 || midnight) return formats.day.format(at(moment));
    return (step < 60 ? formats.short : formats.minute).format(at(moment));
  };
  return {
    moment: (moment) => formats.moment.format(at(moment)),
    clock: (moment) => formats.clock.format(at(moment)),
    recorded: texts.recorded,
    nothing: texts.nothing,
    offset,
    tick,
  };
}

class Player {
  #box;
  #texts;
  #formats;
  #screens;
  #timeline;
  #at;
  #skew = 0;
  #last = performance.now();
  #speed = 1;
  #playing = false;
  #ready = false;
  #addressed = 0;

  constructor(box) {
    this.#box = box;
    this.#texts = { ...box.dataset };
    this.#at = Number(box.dataset.at);
    this.#formats = formatsOf(box.dataset.zone, this.#texts);
    const elements = [...box.querySelectorAll(".screen")];
    this.#screens = elements.map((element) => new Screen(element, this.#texts));
    const cameras = elements.map((element) => ({
      camera: element.dataset.camera,
      name: element.querySelector(".name b").textContent,
    }));
    this.#timeline = new Timeline(
      box.querySelector("[data-timeline]"), cameras, this.#formats,
      (at) => this.seek(at), (data) => this.#list(data),
    );
    this.#listen();
    setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  get at() {
    return this.#at;
  }

  get #now() {
    return Date.now() / 1000 + this.#skew;
  }

  get #end() {
    return this.#now - BEHIND_NOW_S;
  }

  seek(at) {
    this.#at = Math.min(at, this.#end);
    this.#tick();
  }

  play(playing) {
    this.#playing = playing;
    this.#last = performance.now();
    this.#box.querySelector('[data-do="play"]').setAttribute("aria-pressed", String(playing));
    this.#tick();
  }

  step(frames) {
    this.play(false);
    const screen = this.#screens.find((one) => one.frameAt(this.#at) !== null);
    const frame = screen?.frameAt(this.#at) ?? ONE_FRAME_S;
    this.seek((screen?.middleOf(this.#at) ?? this.#at) + frames * frame);
  }

  speed(speed) {
    this.#speed = speed;
    this.#box.querySelector("[data-speeds]").value = String(speed);
  }

  // time goes on only while all cameras can follow
  #tick() {
    const moment = performance.now();
    const passed = (moment - this.#last) / 1000;
    this.#last = moment;
    const how = !this.#playing ? "still" : this.#ready ? "run" : "wait";
    const shown = this.#screens.map((one) => one.show(this.#at, this.#now, this.#speed, how));
    this.#ready = shown.every(Boolean);
    this.#box.dataset.ready = String(this.#ready);
    if (this.#ready && how === "run") this.#goOn(passed * this.#speed);
    this.#timeline.show(this.#at);
    const clock = this.#box.querySelector("[data-clock]");
    clock.textContent = this.#formats.clock(this.#at);
    clock.dateTime = seconds(this.#at);
    this.#remember();
  }

  #goOn(passed) {
    this.#at = Math.min(this.#at + passed, this.#end);
    if (!this.#screens.every((one) => one.isEmpty)) return;
    const known = this.#screens.map((one) => one.nextAfter(this.#at, this.#speed)).filter((at) => at !== null);
    const next = Math.max(this.#timeline.nextRecorded(this.#at) ?? 0, Math.min(...known));
    if (Number.isFinite(next) && next < this.#end) this.#at = next;
  }

  // the address leads back here
  #remember() {
    if (performance.now() < this.#addressed + ADDRESS_MS) return;
    this.#addressed = performance.now();
    const address = new URL(location.href);
    const at = seconds(this.#at);
    if (address.searchParams.get("at") === at) return;
    address.searchParams.set("at", at);
    history.replaceState(null, "", address);
  }

  // events

  async jump(direction) {
    const query = new URLSearchParams(this.#screens.map((one) => ["camera", one.camera]));
    query.set(direction > 0 ? "after" : "before", seconds(this.#at - (direction > 0 ? 0 : 1)));
    const response = await fetch(`/api/v1/archive/event?${query}`);
    if (!response.ok) return this.#say(this.#texts.failed);
    const { event } = await response.json();
    if (!event) return this.#say(this.#texts.noEvent);
    this.seek(event.at);
    return this.#say(`${event.text}, ${event.source}, ${this.#formats.moment(event.at)}`);
  }

  #say(text) {
    this.#box.querySelector("[data-said]").textContent = text;
  }

  #list(data) {
    this.#skew = data.now - Date.now() / 1000;
    const events = data.events.slice(-LISTED).reverse();
    this.#fill("[data-events]", events, (event) => [event.at, `${event.text}, ${event.source}`, ""]);
    const gaps = data.cameras.flatMap(({ name, streams }) => {
      const drawn = streams.main ?? Object.values(streams)[0];
      return (drawn?.gaps ?? []).map((gap) => ({ ...gap, name }));
    });
    gaps.sort((a, b) => b.start - a.start);
    this.#fill("[data-gaps]", gaps.slice(0, LISTED), (gap) => [
      gap.start,
      `${gap.name}: ${[gap.text, gap.by].filter(Boolean).join(", ")}`,
      lengthOf(gap.end - gap.start),
    ]);
  }

  #fill(where, rows, told) {
    const list = this.#box.querySelector(where);
    const mark = JSON.stringify(rows);
    if (list.dataset.mark === mark) return; // the focus stays where it is
    list.dataset.mark = mark;
    list.replaceChildren(...rows.map((row) => {
      const [at, text, side] = told(row);
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = this.#formats.moment(at);
      button.addEventListener("click", () => this.seek(at));
      const line = document.createElement("span");
      line.className = "line";
      line.textContent = text;
      item.append(button, line, side);
      return item;
    }));
    if (!rows.length) {
      const item = document.createElement("li");
      item.className = "empty";
      item.textContent = this.#texts.none;
      list.append(item);
    }
  }

  // hands

  #listen() {
    this.#box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) this.#do(button.dataset.do);
    });
    this.#box.querySelector("[data-speeds]").addEventListener("change", ({ target }) => {
      this.speed(Number(target.value));
    });
    this.#box.querySelector("[data-spans]").addEventListener("change", ({ target }) => {
      this.#timeline.widen(Number(target.value));
    });
    this.#box.addEventListener("keydown", (event) => this.#press(event));
  }

  #do(what) {
    const deeds = {
      play: () => this.play(!this.#playing),
      back: () => this.step(-1),
      on: () => this.step(1),
      previous: () => this.jump(-1),
      next: () => this.jump(1),
    };
    deeds[what]();
  }

  // keys that others need in buttons and fields are theirs
  #press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("select, input")) return;
    const far = event.shiftKey ? 12 * STEP_S : STEP_S;
    const tenth = this.#timeline.span / 10;
    const keys = {
      ",": () => this.step(-1),
      ".": () => this.step(1),
      n: () => this.jump(1),
      p: () => this.jump(-1),
    };
    const deeds = {
      KeyN: keys.n,
      KeyP: keys.p,
      Space: () => this.play(!this.#playing),
      ArrowLeft: () => this.seek(this.#at - far),
      ArrowRight: () => this.seek(this.#at + far),
      PageUp: () => this.seek(this.#at - tenth),
      PageDown: () => this.seek(this.#at + tenth),
      Home: () => this.seek(this.#timeline.from),
      End: () => this.seek(this.#timeline.to),
    };
    const isButton = event.target.closest("button, a");
    if (isButton && event.code === "Space") return;
    const onLine = event.target.closest("[data-timeline]");
    if (!onLine && /^(Arrow|Page|Home|End)/.test(event.code)) return;
    const deed = keys[event.key] ?? deeds[event.code];
    if (!deed) return;
    event.preventDefault();
    deed();
  }
}

function lengthOf(length) {
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  return `${two(length / 3600)}:${two((length / 60) % 60)}:${two(length % 60)}`;
}

const box = document.getElementById("player");
if (box) window.player = new Player(box);
