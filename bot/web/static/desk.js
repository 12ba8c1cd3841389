// Keys, countdown and copying. Everything works without this file, only slower. No post text passes through it.

const typing = (node) => node.closest?.("input, textarea, select, [contenteditable]");
const key = (letter) => document.querySelector(`[data-key="${letter}"]`);
const dialog = document.getElementById("keys");

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (rows.length === 0) {
    key(by > 0 ? "j" : "k")?.click();
    return;
  }
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
  rows[next].focus();
}

function edit() {
  const text = document.getElementById("text");
  if (!text) return;
  text.focus();
  text.setSelectionRange(text.value.length, text.value.length);
}

function decline() {
  const box = document.getElementById("decline");
  if (!box) return;
  box.open = true;
  box.querySelector(".why-not")?.scrollIntoView({ block: "nearest" });
  box.querySelector("input[type=radio]")?.focus({ preventScroll: true });
}

function open(selector) {
  const box = document.querySelector(selector);
  if (!box) return;
  box.open = true;
  box.scrollIntoView({ block: "nearest" });
  box.querySelector("summary")?.focus();
}

function find() {
  const finder = document.getElementById("finder");
  if (!finder || finder.open) return;
  finder.showModal();
  finder.querySelector("input")?.select();
}

const ACTIONS = {
  n: () => key("n")?.click(),
  c: () => key("c")?.click(),
  o: () => key("o")?.click(),
  s: () => open(".tools"),
  "/": () => document.querySelector("[data-search]")?.focus(),
  1: () => key("1")?.click(),
  2: () => key("2")?.click(),
  3: () => key("3")?.click(),
  4: () => key("4")?.click(),
  j: () => step(1),
  k: () => step(-1),
  a: () => key("a")?.click(),
  e: edit,
  d: decline,
  u: () => key("u")?.click(),
  "?": () => dialog?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    find();
    return;
  }
  if (event.key === "Escape" && event.target.closest?.("dialog")) {
    event.preventDefault(); // a search box would only empty itself
    event.target.closest("dialog").close();
    document.activeElement?.blur(); // else the closed box keeps the focus for a moment, and the next key is lost
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  if (!event.repeat || event.key === "j" || event.key === "k") action();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy], [data-keys], [data-edit]");
  if (!button) return;
  if (button.matches("[data-keys]")) dialog?.showModal();
  if (button.matches("[data-edit]")) edit();
  if (button.dataset.copy) {
    const source = document.getElementById(button.dataset.copy);
    source.select();
    await navigator.clipboard.writeText(source.value);
    button.textContent = "Copied";
  }
});

// Whoever types holds the case, and what they type is kept: it outlives a closed window and a hold that ran out.
const KEEP = 1500; // milliseconds after the last key
const RENEW = 60_000; // milliseconds; a hold lasts ten minutes
let keeping = 0;

function keep(text) {
  const csrf = text.form.elements.csrf.value;
  window.htmx.ajax("POST", text.dataset.keep, { target: "#hold", swap: "outerHTML", values: { text: text.value, csrf } });
}

document.addEventListener("input", (event) => {
  if (!event.target.dataset?.keep) return;
  clearTimeout(keeping);
  keeping = setTimeout(() => keep(event.target), KEEP);
});
setInterval(() => {
  const text = document.querySelector("[data-keep]");
  if (text && !document.hidden && document.querySelector("#hold .mine")) keep(text);
}, RENEW);

// The list is renewed when something happens: what was ticked stays ticked.
let ticked = [];
document.addEventListener("htmx:beforeSwap", () => {
  ticked = [...document.querySelectorAll("input[name=chosen]:checked")].map((box) => box.value);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const box of document.querySelectorAll("input[name=chosen]")) if (ticked.includes(box.value)) box.checked = true;
});

// The server says how many seconds are left; each element counts down from when it appeared.
const began = new WeakMap();
setInterval(() => {
  for (const node of document.querySelectorAll("[data-seconds]")) {
    if (!began.has(node)) began.set(node, performance.now());
    const left = Math.max(0, Number(node.dataset.seconds) - Math.floor((performance.now() - began.get(node)) / 1000));
    if (node.textContent !== String(left)) node.textContent = String(left);
  }
}, 250);

// A browser holds six connections to one host: a page out of sight must not keep one, or the seventh hangs.
// Only the list goes on listening in the background, for the number in its title.
let stream = null;
let resting = false;
window.htmx.createEventSource = (url) => (stream = new EventSource(url));

function rest() {
  resting = true;
  stream?.close();
}

function wake() {
  if (resting) stream?.dispatchEvent(new Event("error")); // the extension connects again and catches up
  resting = false;
}

window.addEventListener("pagehide", rest);
window.addEventListener("pageshow", (event) => event.persisted && wake());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) wake();
  else if (!document.getElementById("list")) rest();
});

const title = document.title;
document.body.addEventListener("htmx:afterSettle", () => {
  const fresh = Number(document.getElementById("badge")?.dataset.fresh ?? 0);
  document.title = fresh ? `(${fresh}) ${title}` : title;
});

// On a phone the pages stand in one row that scrolls: show where we are.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const node of document.querySelectorAll("[data-copy], [data-keys], [data-edit]")) node.hidden = false;
