// Wide screens: a ticket opens beside the list; its forms are sent from there, and the list stays. Else links are links.
import { rows } from "./list.js";
import { make, text } from "./shared.js";
import { addKeys } from "./shortcuts.js";
import { toast } from "./toasts.js";

const WIDE = matchMedia("(min-width: 1360px)");
const PAUSE = 180;
let asking;
let timer;

function panes() {
  return document.querySelector(".hd-panes");
}

function opened() {
  return document.querySelector(".hd-pane--ticket[data-preview]")?.dataset.preview ?? "";
}

function address(number) {
  return text("ticket") + encodeURIComponent(number);
}

/** Bring what the ticket's own page loads and this one has not. */
function bring(page) {
  const known = new Set([...document.querySelectorAll("script[src], link[rel=stylesheet]")].map((each) => each.src || each.href));
  for (const sheet of page.querySelectorAll("link[rel=stylesheet]")) if (!known.has(sheet.href)) document.head.append(make("link", { rel: "stylesheet", href: sheet.href }));
  for (const script of page.querySelectorAll("script[type=module][src]")) if (!known.has(script.src)) document.head.append(make("script", { type: "module", src: script.src }));
}

function put(page, number) {
  const found = [...page.querySelectorAll(".hd-pane--ticket, .hd-pane--side")];
  if (!found.length) return false;
  shut();
  bring(page);
  found[0].dataset.preview = number;
  const bar = make("div", { class: "hd-preview__bar" },
    make("a", { class: "hd-btn hd-btn--quiet hd-btn--small", href: address(number), "data-shortcut": "o", "data-whole": "" }, text("whole")),
    make("button", { class: "hd-btn hd-btn--quiet hd-btn--small hd-btn--icon", type: "button", "aria-label": text("preview"), title: text("preview"), "data-preview-close": "" }, "×"));
  found[0].prepend(bar);
  panes().append(...found);
  for (const pane of found) {
    window.htmx?.process(pane);
    pane.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
  }
  for (const row of rows()) {
    const mine = row.dataset.row === number;
    row.toggleAttribute("aria-current", mine);
    if (mine) { row.setAttribute("aria-current", "true"); row.classList.remove("hd-unread"); }
  }
  document.querySelector(`[data-row="${CSS.escape(number)}"]`)?.scrollIntoView({ block: "nearest" });
  history.replaceState(history.state, "", `#${number}`);
  return true;
}

export function shut() {
  for (const pane of document.querySelectorAll(".hd-pane--ticket[data-preview], .hd-pane--ticket[data-preview] ~ .hd-pane--side")) pane.remove();
}

function close() {
  const number = opened();
  shut();
  history.replaceState(history.state, "", location.pathname + location.search);
  const row = document.querySelector("[data-row][aria-current]");
  row?.removeAttribute("aria-current");
  if (number) row?.querySelector("a").focus();
}

async function open(number) {
  asking?.abort();
  asking = new AbortController();
  try {
    const answer = await fetch(address(number), { signal: asking.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !put(page, number)) location.assign(address(number));
  } catch (error) {
    if (error.name !== "AbortError") toast("error", text("offline"));
  }
}

function flashes(page) {
  const said = [...page.querySelectorAll("#flashes > *")];
  document.getElementById("flashes")?.replaceChildren(...said);
}

/** Send a form of the preview, and show the ticket as it is then. */
async function send(form, button) {
  const data = new FormData(form, button);
  try {
    const answer = await fetch(button?.getAttribute("formaction") || form.action, { method: "POST", body: data });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const number = new URL(answer.url).pathname.split("/").pop();
    if (!put(page, page.querySelector(".hd-tickethead") && !/^\d*[a-z]+$/.test(number) ? number : opened())) { location.assign(answer.url); return; }
    flashes(page);
    document.dispatchEvent(new CustomEvent("hd:changed"));
  } catch {
    delete form.dataset.sending;
    toast("error", text("offline"));
  }
}

export function start() {
  if (!document.querySelector(".hd-pane--list [data-list]")) return;
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-preview-close]")) { close(); return; }
    const link = event.target.closest?.(".hd-pane--list [data-row] .hd-subject > a");
    if (!link || !WIDE.matches || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(link.closest("[data-row]").dataset.row);
  });
  document.addEventListener("hd:row", (event) => {
    if (!opened()) return;
    clearTimeout(timer);
    timer = setTimeout(() => open(event.target.dataset.row), PAUSE);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || !form.closest(".hd-pane--ticket[data-preview], .hd-pane--ticket[data-preview] ~ .hd-pane--side")) return;
    event.preventDefault();
    send(form, event.submitter);
  });
  addKeys([{ keys: "Escape", label: () => "", shown: () => true, run: () => {
    if (opened()) { close(); return true; }
    const chosen = document.querySelectorAll("[data-list] [data-row] input:checked");
    chosen.forEach((box) => box.click());
    return chosen.length > 0;
  } }]);
  const asked = location.hash.slice(1);
  if (asked && WIDE.matches && document.querySelector(`[data-row="${CSS.escape(asked)}"]`)) open(asked);
}
