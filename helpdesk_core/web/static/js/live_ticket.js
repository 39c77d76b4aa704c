// An open ticket asks every few seconds whether something has changed and who else is there, and says that it is open.
// What was typed is never touched: the page is fetched anew in the background, and all but the composer is replaced.
import { token } from "./panels.js";
import { make } from "./shared.js";
import { signedOut, toast } from "./toasts.js";

const EVERY = 5000;
const HIDDEN = 30000;
const BEAT = 20000;
const TYPED = 8000;

export function start(area) {
  const { live, presence, ticket } = area.dataset;
  let mark = area.dataset.mark;
  let etag = "";
  let timer;
  let said = 0;
  let saidTyping = 0;
  let away = false;
  const late = new Map(); // parts as the server has them now, until nobody uses those that stand there

  function say(fields, keepalive = false) {
    if (away) return;
    said = Date.now();
    fetch(presence, { method: "POST", body: new URLSearchParams(fields), headers: token(), keepalive }).catch(() => { /* the next beat says it */ });
  }

  async function ask() {
    clearTimeout(timer);
    if (!area.isConnected) { say({ leaving: "1" }); return; } // it stood beside a list, and another ticket does now
    try {
      const answer = await fetch(live, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
      away = signedOut(answer);
      if (answer.status === 404) return; // moved out of sight: the page stays as it is
      if (answer.ok && !away) {
        etag = answer.headers.get("ETag") ?? "";
        const now = await answer.json();
        const place = document.getElementById("presence");
        if (place && place.innerHTML.trim() !== now.here.trim()) place.innerHTML = now.here;
        if (now.mark !== mark && await renew()) mark = now.mark;
      }
      settle();
    } catch { /* offline for a moment */ }
    if (!document.hidden && Date.now() - said > BEAT) say({});
    timer = setTimeout(ask, document.hidden || away ? HIDDEN : EVERY);
  }

  /** Replace what the server shows differently now, but for what somebody is using at the moment. */
  async function renew() {
    const answer = await fetch(ticket + location.search, { cache: "no-store" });
    if (!answer.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const known = new Set([...document.querySelectorAll("#thread article")].map((letter) => letter.id));
    const unfolded = [...document.querySelectorAll("#thread article:has(.hd-quote[open])")].map((letter) => letter.id);
    for (const id of ["thread", "ticket-head", "panels"]) late.set(id, page.getElementById(id));
    settle();
    for (const id of unfolded) document.querySelector(`#${CSS.escape(id)} .hd-quote`)?.setAttribute("open", "");
    const fresh = [...document.querySelectorAll("#thread article")].filter((letter) => !known.has(letter.id) && !letter.matches(".hd-letter--held"));
    for (const letter of fresh) letter.classList.add("hd-letter--new");
    const last = page.querySelector("#composer [name=read_to]");
    const mine = document.querySelector("#composer [name=read_to]");
    if (last && mine) mine.value = last.value;
    if (location.pathname === new URL(ticket, location.href).pathname) document.title = page.title;
    if (fresh.length) tell(fresh.at(-1));
    return true;
  }

  function settle() {
    for (const [id, fresh] of late) if (replace(id, fresh)) late.delete(id);
  }

  /** Put a part in the place of the one that is there, and return whether that is done; it is not while somebody uses it. */
  function replace(id, fresh) {
    const old = document.getElementById(id);
    if (!old || !fresh || old.isEqualNode(fresh)) return true;
    const busy = old.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, summary");
    const dirty = [...old.querySelectorAll("input:not([type=hidden]), textarea, select")].some((field) => changed(field));
    if (id !== "thread" && (busy || dirty || old.querySelector("details[data-menu][open]"))) return false;
    if (id === "thread" && old.querySelector("details[data-menu][open]")) old.querySelectorAll("details[data-menu][open]").forEach((menu) => menu.removeAttribute("open"));
    fresh.querySelector("#presence")?.replaceChildren(...old.querySelector("#presence")?.childNodes ?? []);
    old.replaceWith(document.adoptNode(fresh));
    count();
    fresh.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
    return true;
  }

  function changed(field) {
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
    if (field.matches("select:not([multiple])")) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
    if (field.matches("select")) return [...field.options].some((option) => option.selected !== option.defaultSelected);
    return field.value !== field.defaultValue;
  }

  function tell(letter) {
    const name = letter.querySelector(".hd-letter__name")?.textContent ?? "";
    const box = letter.getBoundingClientRect();
    if (box.top < innerHeight && box.bottom > 0) return;
    const jump = make("a", { href: `#${letter.id}` }, area.dataset.textShow);
    toast("info", make("span", {}, `${area.dataset.textNew}: ${name} `, jump));
  }

  /** “Goes out in 8 seconds”, and a look at the page when it has gone. */
  let counting;
  function count() {
    clearInterval(counting);
    const step = () => {
      const waiting = [...document.querySelectorAll("[data-due]")];
      for (const place of waiting) {
        const left = Math.ceil((Date.parse(place.dataset.due) - Date.now()) / 1000);
        place.textContent = left > 0 ? place.dataset.text.replace("{n}", left) : place.dataset.textNow;
      }
      if (!waiting.length) clearInterval(counting);
    };
    step();
    counting = setInterval(step, 1000);
  }

  document.getElementById("composer")?.addEventListener("input", () => {
    if (Date.now() - saidTyping < TYPED) return;
    saidTyping = Date.now();
    say({ writing: "1" });
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && area.isConnected) { say({}); ask(); } });
  addEventListener("pagehide", () => area.isConnected && say({ leaving: "1" }, true));
  addEventListener("pageshow", (event) => { if (event.persisted && area.isConnected) { say({}); ask(); } });
  say({});
  count();
  timer = setTimeout(ask, 1500);
}
