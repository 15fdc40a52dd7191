// Live pictures of one stream: fragments from a WebSocket into a <video>, kept close to now.
//
// A tile is an element with a <video>, [data-told] for what there is to say and [data-delay] for how
// old the picture is. `data-address` is that of the socket; `data-state` becomes connecting, live,
// lost or unsupported.

const HEAD_BYTES = 24;
const TARGET_S = 0.26;
const LONGEST_TARGET_S = 1.5;
const SEEK_S = 2;
const KEPT_S = 20;
const JUMP_S = 1;
const CALM_MS = 3000;
const LONGER_S = 0.1;
const SHORTER_S = 0.001;
const STEER_MS = 200;
const AGAIN_MS = [1000, 2000, 5000, 10000];
const INIT = 0;
const SOUND = /mp4a|opus/i;

const seconds = new Intl.NumberFormat(document.documentElement.lang, {
  style: "unit", unit: "second", minimumFractionDigits: 1, maximumFractionDigits: 1,
});

export class Live {
  #tile;
  #video;
  #socket = null;
  #picture = null;
  #failures = 0;
  #timer = 0;

  constructor(tile) {
    this.#tile = tile;
    this.#video = tile.querySelector("video");
    this.#video.addEventListener("error", () => this.#picture && this.#again());
  }

  get isOpen() {
    return this.#socket !== null || this.#timer !== 0;
  }

  open() {
    if (this.isOpen || this.#tile.dataset.state === "unsupported") return;
    this.#say("connecting", "");
    this.#connect();
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#drop();
  }

  // another stream of the same camera
  change(address) {
    this.close();
    this.#tile.dataset.address = address;
    this.#tile.dataset.state = "connecting";
    this.open();
  }

  #connect() {
    this.#timer = 0;
    const address = new URL(this.#tile.dataset.address, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = (this.#socket = new WebSocket(address));
    socket.binaryType = "arraybuffer";
    socket.onmessage = (message) => {
      if (typeof message.data === "string") this.#hear(JSON.parse(message.data));
      else this.#picture?.take(message.data);
    };
    socket.onclose = () => this.#again();
  }

  #again() {
    this.#drop();
    if (this.#tile.dataset.state === "live") this.#say("connecting", "");
    const pause = AGAIN_MS[Math.min(this.#failures, AGAIN_MS.length - 1)];
    this.#failures += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), pause);
  }

  #drop() {
    if (this.#socket) {
      this.#socket.onclose = this.#socket.onmessage = null;
      this.#socket.close();
    }
    this.#socket = null;
    this.#forget();
  }

  #forget() {
    const picture = this.#picture;
    this.#picture = null;
    picture?.end();
  }

  #hear(told) {
    if (told.tell === "lost") {
      this.#forget();
      this.#say("lost", told.text);
    } else if (told.tell === "epoch") {
      this.#failures = 0;
      this.#begin(told);
    }
  }

  #begin(told) {
    if (!window.MediaSource?.isTypeSupported(told.mime)) {
      this.close();
      this.#say("unsupported", this.#tile.dataset.unsupported ?? "");
      return;
    }
    this.#picture ??= new Picture(this.#video, (age) => this.#showAge(age), () => this.#again());
    this.#picture.begin(told.mime, told.now - Date.now() / 1000);
    this.#tile.querySelector("[data-sound]")?.toggleAttribute("hidden", !SOUND.test(told.mime));
    this.#say("live", "");
  }

  #say(state, text) {
    this.#tile.dataset.state = state;
    const told = this.#tile.querySelector("[data-told]");
    told.textContent = text;
    told.hidden = !text;
    if (state !== "live") this.#showAge(null);
  }

  #showAge(age) {
    const shown = this.#tile.querySelector("[data-delay]");
    shown.hidden = age === null;
    if (age !== null) {
      shown.textContent = seconds.format(Math.max(0, age));
      shown.dataset.delay = age.toFixed(3);
    }
  }
}

// One MediaSource on a video element. Its time is the time of the pictures: an epoch's timeline is
// laid so that its fragments lie at the moments they were taken, counted from the first of them.
class Picture {
  #video;
  #source = new MediaSource();
  #address;
  #buffer = null;
  #mime = "";
  #waiting = [];
  #origin = null;
  #offset = null;
  #drift = 0;
  #skew = 0;
  #target = TARGET_S;
  #steering;
  #showAge;
  #fail;
  #sought = performance.now();
  #stalled = () => {
    // a picture that stands still without having been moved: the way here is not even enough
    if (performance.now() - this.#sought < CALM_MS) return;
    this.#target = Math.min(LONGEST_TARGET_S, this.#target + LONGER_S);
  };

  constructor(video, showAge, fail) {
    this.#video = video;
    this.#showAge = showAge;
    this.#fail = fail;
    this.#address = URL.createObjectURL(this.#source);
    this.#source.addEventListener("sourceopen", () => this.#work(), { once: true });
    video.src = this.#address;
    video.addEventListener("waiting", this.#stalled);
    this.#steering = setInterval(() => this.#steer(), STEER_MS);
  }

  begin(mime, skew) {
    this.#skew = skew;
    this.#waiting.push({ mime });
    this.#work();
  }

  take(message) {
    const head = new DataView(message, 0, HEAD_BYTES);
    const isInit = head.getUint8(0) === INIT;
    const place = isInit ? null : { at: head.getFloat64(8), time: head.getFloat64(16) };
    this.#waiting.push({ data: new Uint8Array(message, HEAD_BYTES), isInit, place });
    this.#work();
  }

  end() {
    clearInterval(this.#steering);
    this.#video.removeEventListener("waiting", this.#stalled);
    this.#waiting = [];
    this.#buffer = null;
    this.#video.removeAttribute("src");
    this.#video.load();
    URL.revokeObjectURL(this.#address);
  }

  // the next piece of work, where the buffer is free for it
  #work() {
    if (this.#source.readyState !== "open" || this.#buffer?.updating || !this.#waiting.length) return;
    const { mime, data, isInit, place } = this.#waiting.shift();
    try {
      if (mime) {
        this.#use(mime);
        this.#work();
        return;
      }
      if (isInit) this.#offset = null;
      else this.#lay(place);
      this.#buffer.appendBuffer(data);
    } catch {
      this.#fail(); // a full buffer, or bytes that the browser does not take: begin anew
    }
  }

  #use(mime) {
    if (!this.#buffer) {
      this.#buffer = this.#source.addSourceBuffer(mime);
      this.#buffer.mode = "segments";
      this.#buffer.addEventListener("updateend", () => {
        this.#steer(true);
        this.#work();
      });
    } else if (mime !== this.#mime) {
      this.#buffer.changeType(mime);
    }
    this.#mime = mime;
  }

  // where the fragment lies in the video's time: its moment, counted from the first one
  #lay({ at, time }) {
    this.#origin ??= at;
    this.#drift = at - this.#origin - time - (this.#offset ?? Infinity);
    if (Math.abs(this.#drift) > JUMP_S) {
      this.#offset = Math.max(0, at - this.#origin) - time;
      this.#buffer.timestampOffset = this.#offset;
      this.#drift = at - this.#origin - time - this.#offset;
    }
  }

  // `fresh`: a fragment has just come, so that what is ahead is at its most
  #steer(fresh = false) {
    const ranges = this.#buffer && !this.#buffer.updating ? this.#buffer.buffered : null;
    if (!ranges?.length) return;
    const video = this.#video;
    const start = ranges.start(ranges.length - 1);
    const end = ranges.end(ranges.length - 1);
    const lag = end - video.currentTime;
    if (video.currentTime < start || lag > SEEK_S || lag < 0) {
      this.#sought = performance.now();
      video.currentTime = Math.max(start, end - this.#target);
    } else if (fresh) {
      this.#target = Math.max(TARGET_S, this.#target - SHORTER_S);
      const over = lag - this.#target;
      video.playbackRate = over > 0.02 ? Math.min(1.25, 1 + over / 2) : over < -0.1 ? 0.95 : 1;
    }
    if (video.paused) video.play().catch(() => {});
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      const shown = this.#origin + video.currentTime + this.#drift;
      this.#showAge(Date.now() / 1000 + this.#skew - shown);
    }
    if (video.currentTime - ranges.start(0) > KEPT_S) {
      this.#buffer.remove(0, video.currentTime - KEPT_S / 2);
    }
  }
}
