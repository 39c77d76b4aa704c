// Open pages of the desk ask what has changed: counts, title and icon follow, new rows are announced, watched workspaces are heard.
import { replaceRow, rowOf } from "./inline.js";
import { each, make, parsed, store, text } from "./shared.js";
import { signedOut, toast } from "./toasts.js";

const PAUSE = 15000;
const AWAY = 60000;
const LONGEST = 240000;
const HEARD = 50;
let place;
let since;
let etag = "";
let pause = PAUSE;
let timer;
let sound;
const waiting = new Set();

function address() {
  const asked = new URL(place.dataset.live, location.href);
  const list = document.querySelector("[data-live-list]");
  if (list) for (const [name, value] of new URLSearchParams(location.search)) if (!["result", "after", "since"].includes(name)) asked.searchParams.append(name, value);
  if (list) asked.searchParams.set("list", "1");
  asked.searchParams.set("since", since);
  return asked;
}

function shown({ counts, waiting: mine }) {
  for (const [key, count] of Object.entries(counts)) {
    const badge = document.querySelector(`.hd-rail [data-view="${CSS.escape(key)}"] .hd-count`);
    if (badge) badge.textContent = count;
  }
  document.title = (mine ? `(${mine}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  const icon = document.querySelector("link[rel=icon]");
  const wanted = place.dataset.icon + (mine ? `&n=${Math.min(mine, 100)}` : "");
  if (icon && icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
}

function rows({ rows: made, order, gone }) {
  for (const number of order) {
    const row = rowOf(number);
    if (!row) waiting.add(number);
    else if (row.dataset.at !== parsed(made[number]).dataset.at) replaceRow(number, made[number]);
  }
  for (const number of gone) {
    waiting.delete(number);
    const row = rowOf(number);
    if (row && !row.classList.contains("hd-left")) {
      row.classList.add("hd-left");
      row.title = text("left");
    }
  }
  announce();
}

function announce() {
  const area = document.querySelector("[data-newcomers]");
  if (!area) return;
  if (!waiting.size) { area.replaceChildren(); return; }
  if (area.dataset.count === String(waiting.size) && area.firstChild) return;
  area.dataset.count = waiting.size;
  const button = make("button", { class: "hd-btn hd-btn--small", type: "button" }, text("show"));
  button.addEventListener("click", showNew);
  area.replaceChildren(make("span", {}, `${text("fresh")} ${waiting.size}`), button);
}

async function showNew() {
  const answer = await fetch(location.href).catch(() => null);
  const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  const [before, after] = [document.querySelector("[data-list] tbody"), page?.querySelector("[data-list] tbody")];
  if (!before || !after) { location.reload(); return; }
  const chosen = new Set([...before.querySelectorAll("input:checked")].map((box) => box.value));
  for (const row of after.children) {
    row.querySelector("input").checked = chosen.has(row.dataset.row);
    if (waiting.has(row.dataset.row)) row.classList.add("hd-changed");
  }
  const focus = before.querySelector(".hd-here")?.dataset.row;
  const inList = before.contains(document.activeElement);
  before.replaceChildren(...after.children);
  const here = focus && rowOf(focus);
  if (here) here.classList.add("hd-here");
  // The button that was pressed goes away, and so does a row that had the focus.
  if (inList || document.activeElement.matches("body, [data-newcomers] *")) (here || before.querySelector(".hd-changed"))?.querySelector("a")?.focus({ preventScroll: true });
  waiting.clear();
  announce();
}

function beep() {
  if (!sound) return;
  const now = sound.currentTime;
  [660, 880].forEach((pitch, step) => {
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, now + step * 0.14);
    volume.gain.exponentialRampToValueAtTime(0.12, now + step * 0.14 + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, now + step * 0.14 + 0.3);
    tone.connect(volume).connect(sound.destination);
    tone.start(now + step * 0.14);
    tone.stop(now + step * 0.14 + 0.32);
  });
}

/** Tell of messages in watched workspaces; what another window has told is not told again. */
function tell(news) {
  const heard = (store.get("heard") ?? "").split(" ").filter(Boolean);
  const fresh = news.filter(({ id }) => !heard.includes(id));
  if (!fresh.length) return;
  store.set("heard", [...heard, ...fresh.map(({ id }) => id)].slice(-HEARD).join(" "));
  document.dispatchEvent(new CustomEvent("hd:news", { detail: fresh }));
  if (fresh.some((each) => each.sound)) beep();
  for (const one of fresh.filter((each) => each.notify)) {
    if (!("Notification" in window) || Notification.permission !== "granted") continue;
    const notice = new Notification(one.title, { body: one.text, tag: one.id, icon: place.dataset.icon });
    notice.addEventListener("click", () => { window.focus(); location.assign(one.href); });
  }
}

export async function ask() {
  clearTimeout(timer);
  try {
    const answer = await fetch(address(), { headers: { Accept: "application/json", ...(etag && { "If-None-Match": etag }) } });
    if (!signedOut(answer) && answer.status === 200) {
      const said = await answer.json();
      since = said.since;
      etag = answer.headers.get("ETag");
      shown(said);
      rows(said);
      tell(said.news);
    } else if (answer.status !== 304) throw new Error(String(answer.status));
    pause = PAUSE;
  } catch {
    pause = Math.min(pause * 2, LONGEST);
  }
  timer = setTimeout(ask, document.hidden ? Math.max(pause, AWAY) : pause);
}

export function start() {
  place = document.getElementById("hd-live");
  if (!place) return;
  since = place.dataset.since;
  timer = setTimeout(ask, PAUSE);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  document.addEventListener("hd:changed", () => ask());
  // Browsers let a page sound only after somebody has touched it.
  for (const gesture of ["pointerdown", "keydown"]) {
    addEventListener(gesture, () => { sound ??= "AudioContext" in window ? new AudioContext() : undefined; }, { once: true });
  }
  each("form[data-watch]", (form) => form.addEventListener("submit", (event) => {
    if (!form.querySelector("[name=notify]:is(:checked, [type=hidden])") || !("Notification" in window)) return;
    if (Notification.permission === "denied") toast("error", text("blocked"));
    if (Notification.permission !== "default") return;
    event.preventDefault();
    Notification.requestPermission().then(() => form.requestSubmit(event.submitter));
  }));
}
