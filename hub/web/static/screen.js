// One camera of the player: which clip a moment lies in, and a <video> that is kept to the moment.
//
// Time is cut into windows. A window is asked for once: what lies where in its clip, and where there
// is nothing. Two <video> take turns, so that the next clip is there before it is needed.

const WINDOW_S = 600;
const BEHIND_NOW_S = 2;
const AGAIN_MS = 4000;
const KEPT = 8;
const AHEAD_S = 20;
const SMALL_FROM = 4; // from this speed on the small stream does
const FASTEST = 16; // browsers refuse to play faster
const STEER = 0.05;
const NEAR_S = 0.2;
const CURRENT = HTMLMediaElement.HAVE_CURRENT_DATA;
const METADATA = HTMLMediaElement.HAVE_METADATA;
const SOUND = /mp4a|opus/i;
const ROUNDED = 0.05;
const HOLE_S = 0.3; // shorter holes between files are none

export const seconds = (at) => new Date(at * 1000).toISOString();

export class Screen {
  #element;
  #texts;
  #front;
  #back;
  #known = [];
  #asking = null;
  #chosen = null;
  #failedUntil = 0;

  constructor(element, texts) {
    this.#element = element;
    this.#texts = texts;
    [this.#front, this.#back] = element.querySelectorAll("video");
    for (const video of [this.#front, this.#back]) {
      video.preload = "auto";
      video.addEventListener("error", () => video.getAttribute("src") && this.#broken(video));
    }
    element.querySelector("[data-other]").addEventListener("click", () => {
      this.#chosen = "sub";
    });
    element.querySelector("[data-sound]").addEventListener("click", ({ currentTarget }) => {
      this.#front.muted = this.#back.muted = !this.#front.muted;
      currentTarget.setAttribute("aria-pressed", String(!this.#front.muted));
    });
  }

  get camera() {
    return this.#element.dataset.camera;
  }

  get streams() {
    return this.#element.dataset.streams.split(" ");
  }

  // the length of a frame where the moment lies
  frameAt(at) {
    return this.#find(at, 1)?.clip?.frame ?? null;
  }

  // the middle of the frame that shows a moment
  middleOf(at) {
    const clip = this.#find(at, 1)?.clip;
    const part = partAt(clip, at);
    return part ? part.at + middle(at - part.at, clip.frame) : at;
  }

  // nothing is recorded at the moment that it shows
  get isEmpty() {
    return this.#element.dataset.state === "nothing";
  }

  // Show a moment: `still`, or `run` on from it, or `wait` there for other cameras. Returns whether
  // it is shown, or there is nothing to show: else time must wait.
  show(at, now, speed, how) {
    const window = this.#find(at, speed);
    if (!window) {
      this.#ask(at, now, speed);
      this.#front.pause();
      if (performance.now() < this.#failedUntil) return true;
      this.#say("loading", "");
      return false;
    }
    if (how !== "still") this.#lookAhead(window, now, at, speed);
    const part = partAt(window.clip, at);
    this.#link(at, part);
    this.#element.querySelector("[data-sound]").hidden = !part || !SOUND.test(window.clip.mime);
    if (!part) return this.#idle("nothing", this.#texts.nothing);
    if (!window.playable) return this.#idle("unsupported", this.#texts.unsupported);
    if (!this.#use(window.clip)) return false;
    this.#say("playing", "");
    const frame = window.clip.frame;
    const into = how === "still" ? middle(at - part.at, frame) : at - part.at;
    return this.#follow(part.time + Math.min(into, part.duration - frame / 2), speed, how, frame);
  }

  // where something is recorded next, as far as it is known: the end of an empty stretch
  nextAfter(at, speed) {
    const window = this.#find(at, speed);
    if (!window) return null;
    const later = window.clip?.parts.find((part) => part.at > at);
    return later ? later.at : window.to;
  }

  close() {
    for (const video of [this.#front, this.#back]) {
      video.removeAttribute("src");
      video.load();
    }
  }

  #idle(state, text) {
    this.#front.pause();
    this.#say(state, text);
    return true;
  }

  #stream(speed) {
    if (this.#chosen) return this.#chosen;
    const main = this.streams[0];
    return speed >= SMALL_FROM && this.streams.includes("sub") ? "sub" : main;
  }

  #find(at, speed) {
    const stream = this.#stream(speed);
    const moment = performance.now();
    return this.#known.find(
      (one) => one.stream === stream && one.from <= at && at < one.to && moment < one.until,
    );
  }

  // the clip of the window that a moment lies in, from there on if its beginning was another clip
  async #ask(at, now, speed) {
    if (this.#asking || performance.now() < this.#failedUntil) return;
    const stream = this.#stream(speed);
    const begin = Math.floor(at / WINDOW_S) * WINDOW_S;
    const known = this.#known.filter((one) => one.stream === stream && one.to > begin && one.to <= at);
    const from = Math.max(begin, ...known.map((one) => one.to));
    const end = begin + WINDOW_S;
    const to = Math.max(from + 0.1, Math.min(end, now - BEHIND_NOW_S));
    this.#asking = this.#load(stream, from, to, to < end);
    await this.#asking;
    this.#asking = null;
  }

  async #load(stream, from, to, isLast) {
    try {
      const clip = (await this.#fetch(stream, from, to)) ?? (await this.#instead(stream, from, to));
      const end = clip && (clip.cut_short || isLast) ? Math.max(from + 0.1, clip.end) : to;
      const until = isLast && !clip ? performance.now() + AGAIN_MS : Infinity;
      const playable = !clip || this.#front.canPlayType(clip.mime) !== "";
      this.#known.push({ stream, from, to: end, until, clip, playable });
      this.#known.splice(0, this.#known.length - KEPT);
    } catch {
      this.#fail();
    }
  }

  async #fetch(stream, from, to) {
    const query = new URLSearchParams({ from: seconds(from), to: seconds(to), stream });
    const response = await fetch(`/api/v1/cameras/${encodeURIComponent(this.camera)}/clip.json?${query}`);
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(response.statusText);
    return response.json();
  }

  // where the small stream was not recorded, the large one is
  #instead(stream, from, to) {
    const main = this.streams[0];
    return stream !== main && !this.#chosen ? this.#fetch(main, from, to) : null;
  }

  async #lookAhead(window, now, at, speed) {
    if (window.to - at > AHEAD_S * speed || window.to > now - BEHIND_NOW_S) return;
    const next = this.#find(window.to, speed);
    if (!next) await this.#ask(window.to, now, speed);
    else if (next.clip && next.playable && next.clip.address !== window.clip?.address) {
      load(this.#back, next.clip.address);
    }
  }

  // Have the clip in front. Returns whether it is there.
  #use(clip) {
    if (this.#front.getAttribute("src") === clip.address) return true;
    load(this.#back, clip.address);
    if (this.#back.readyState < METADATA) return false;
    [this.#front, this.#back] = [this.#back, this.#front];
    this.#back.pause();
    this.#back.hidden = true;
    this.#front.hidden = false;
    return true;
  }

  #follow(time, speed, how, frame) {
    const video = this.#front;
    const error = time - video.currentTime;
    if (how === "run") return this.#run(video, time, error, speed);
    video.pause();
    if (video.seeking) return false;
    const near = how === "still" ? frame / 4 : NEAR_S / 2;
    if (Math.abs(error) > near) {
      video.currentTime = time;
      return false;
    }
    return video.readyState > CURRENT || (how === "still" && video.readyState === CURRENT) || atEnd(video);
  }

  // a little faster or slower than asked for, so that it stays in step; far off, it jumps
  #run(video, time, error, speed) {
    if (video.seeking || Math.abs(error) > Math.max(0.5, speed * 0.4)) {
      if (!video.seeking) video.currentTime = time;
      return false;
    }
    const steer = Math.max(-STEER, Math.min(STEER, error / speed));
    video.playbackRate = Math.min(FASTEST, speed * (1 + steer));
    if (video.paused && !video.ended) video.play().catch(() => {});
    return video.readyState > CURRENT || atEnd(video);
  }

  #broken(video) {
    video.removeAttribute("src");
    this.#known = [];
    this.#fail();
  }

  #fail() {
    this.#failedUntil = performance.now() + AGAIN_MS;
    this.#say("failed", this.#texts.failed);
  }

  // the minute and the picture that are shown, to be saved
  #link(at, part) {
    const camera = encodeURIComponent(this.camera);
    const save = this.#element.querySelector("[data-save]");
    const still = this.#element.querySelector("[data-still]");
    save.hidden = still.hidden = !part;
    if (!part) return;
    const minute = Math.floor(at / 60) * 60;
    const query = new URLSearchParams({ from: seconds(minute), to: seconds(minute + 60), download: 1 });
    save.href = `/api/v1/cameras/${camera}/clip.mp4?${query}`;
    still.href = `/api/v1/cameras/${camera}/snapshot.jpg?${new URLSearchParams({ at: seconds(at) })}`;
  }

  #say(state, text) {
    if (this.#element.dataset.state === state) return;
    this.#element.dataset.state = state;
    this.#element.querySelector("[data-told]").textContent = state === "loading" ? this.#texts.loading : text;
    const other = state === "unsupported" && this.streams.includes("sub") && this.#chosen !== "sub";
    this.#element.querySelector("[data-other]").hidden = !other;
  }
}

function load(video, address) {
  if (video.getAttribute("src") !== address) video.src = address;
}

// the middle of the frame that a place lies in; one at its very end is of the next, for instants
// of files are rounded
function middle(place, frame) {
  return (Math.floor(place / frame + ROUNDED) + 0.5) * frame;
}

function atEnd(video) {
  return video.readyState === CURRENT && video.currentTime >= video.duration - HOLE_S;
}

// the part of a clip that a moment lies in
function partAt(clip, at) {
  const part = clip?.parts.findLast((one) => one.at <= at);
  return part && at < part.at + part.duration + HOLE_S ? part : null;
}
