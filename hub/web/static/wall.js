// The wall and the page of one camera: what is in sight is live, what is not costs nothing.

import { Live } from "./live.js";

const HIDDEN_MS = 10000;

const tiles = new Map();
const seen = new Set();

function follow() {
  for (const [element, live] of tiles) {
    if (!document.hidden && seen.has(element)) live.open();
    else live.close();
  }
}

const watching = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) seen.add(entry.target);
    else seen.delete(entry.target);
  }
  if (!document.hidden) follow();
}, { rootMargin: "200px" });

for (const element of document.querySelectorAll("[data-address]")) {
  tiles.set(element, new Live(element));
  watching.observe(element);
}

// a page in the background goes on for a moment: people switch back and forth
let leaving = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(leaving);
  if (document.hidden) leaving = setTimeout(follow, HIDDEN_MS);
  else follow();
});

document.addEventListener("click", (event) => {
  const other = event.target.closest("[data-other]");
  const large = event.target.closest("[data-large]");
  const sound = event.target.closest("[data-sound]");
  const tile = event.target.closest("[data-address]");
  if (!tile) return;
  if (other) tiles.get(tile).change(other.dataset.other);
  if (large) tile.requestFullscreen();
  if (sound) {
    const video = tile.querySelector("video");
    video.muted = !video.muted;
    sound.setAttribute("aria-pressed", String(!video.muted));
  }
});
