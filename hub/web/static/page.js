// Keeps a page fresh: the hub says which parts are stale, htmx asks for them again.

const PICTURE_EVERY_MS = 2000;
const TOAST_MS = 5000;

const byId = (id) => document.getElementById(id);

// parts

function listen() {
  const stream = new EventSource("/api/v1/changes");
  stream.onopen = () => {
    byId("offline").hidden = true;
    refresh([...document.querySelectorAll("[data-part]")].map((part) => part.id));
  };
  stream.onmessage = (message) => refresh(message.data.split(" "));
  stream.onerror = () => {
    byId("offline").hidden = false;
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  };
}

function refresh(names) {
  for (const name of names) {
    const part = byId(name);
    if (part?.hasAttribute("data-part")) htmx.trigger(part, "stale");
  }
}

// pictures of cameras: a new one is shown only when it is there, so nothing flickers

function renew(image) {
  if (document.hidden || image.dataset.busy || !isNear(image)) return;
  image.dataset.busy = "1";
  const next = new Image();
  const done = () => delete image.dataset.busy;
  next.onload = () => {
    image.src = next.src;
    done();
  };
  next.onerror = done;
  next.src = `${image.getAttribute("src").split("?")[0]}?${Date.now()}`;
}

function isNear(image) {
  const box = image.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight;
}

// incidents: how long they wait, and a word for those who do not see the page

const announced = new Set();

function showIncidents(isFirst) {
  const open = [...document.querySelectorAll("[data-open]")];
  document.title = document.title.replace(/^\(\d+\) /, "");
  if (open.length) document.title = `(${open.length}) ${document.title}`;
  const fresh = open.filter((card) => !announced.has(card.dataset.open));
  fresh.forEach((card) => announced.add(card.dataset.open));
  if (fresh.length && !isFirst) {
    byId("announce").textContent = fresh.map((card) => card.dataset.title).join(". ");
  }
  showClocks();
}

function showClocks() {
  for (const clock of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dataset.since)) / 1000));
    const hours = Math.floor(seconds / 3600);
    const two = (number) => String(number).padStart(2, "0");
    clock.textContent = `${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }
}

// dismissing asks for a reason

const dialog = byId("dismiss");
const form = dialog?.querySelector("form");

function askReason(number) {
  const card = byId(`incident-${number}`);
  dialog.querySelector("[data-dismiss-number]").textContent = `№ ${number}`;
  dialog.querySelector("[data-dismiss-what]").textContent = card?.dataset.title ?? "";
  form.action = form.dataset.action.replace("/0/", `/${number}/`);
  form.setAttribute("hx-post", form.action);
  form.reset();
  htmx.process(form);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-dismiss]");
  if (link) {
    event.preventDefault();
    askReason(link.dataset.dismiss);
  }
  if (event.target.closest("[data-close]")) dialog?.close();
});

// what came of it

let toastTimer;

function toast(text, isBad) {
  const box = byId("toast");
  box.textContent = text;
  box.classList.toggle("bad", isBad);
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (box.hidden = true), TOAST_MS);
}

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful, requestConfig, xhr } = event.detail;
  if (requestConfig.verb !== "post") return;
  if (successful) {
    if (form && elt === form) dialog.close();
    if (elt.dataset.done) toast(elt.dataset.done, false);
  } else {
    toast(xhr.responseText || byId("offline").textContent, true);
  }
});

// what a visitor has unfolded stays so when its part is replaced

let unfolded = [];

document.addEventListener("htmx:beforeSwap", (event) => {
  const all = event.target.querySelectorAll("details[id]");
  unfolded = [...all].map((details) => [details.id, details.open]);
});

document.addEventListener("htmx:afterSettle", (event) => {
  for (const [id, isOpen] of unfolded) byId(id)?.toggleAttribute("open", isOpen);
  if (event.target.id === "incidents") showIncidents(false);
});

showIncidents(true);
setInterval(showClocks, 1000);
setInterval(() => document.querySelectorAll("[data-snapshot]").forEach(renew), PICTURE_EVERY_MS);
listen();
