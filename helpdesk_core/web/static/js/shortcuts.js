// Keys for what stands on the page: data-shortcut="r" or "g i" on a link, button or field. None fires while typing.
// "?" lists them; Ctrl+K opens a palette of all links and buttons that carry a name.
import { keys as listKeys } from "./list.js";
import { palette } from "./palette.js";
import { label, make, show, text, typing } from "./shared.js";

const PAUSE = 900;
let typed = "";
let timer;
const added = [];

/** Let a module of a page take keys: [{ keys, label(), shown(), run(event) }], run tells whether it did something. */
export function addKeys(more) {
  added.push(...more);
}

function visible(element) {
  return element.type === "radio" || element.offsetParent !== null || element.closest("details[data-menu], [popover]") !== null;
}

function bound() {
  const marked = [...document.querySelectorAll("[data-shortcut]")].filter(visible);
  return [
    ...marked.map((element) => ({ keys: element.dataset.shortcut, label: () => label(element), run: () => activate(element) })),
    ...[...listKeys, ...added].filter((each) => each.shown()),
    { keys: "?", label: () => text("shortcuts"), run: help },
  ];
}

export function activate(element) {
  if (element.matches("input:not([type=radio], [type=checkbox]), textarea, select")) {
    element.focus();
    element.select?.();
    return true;
  }
  const target = element.dataset.shortcutFocus && document.getElementById(element.dataset.shortcutFocus);
  if (!target || !element.closest("details")?.open) element.click();
  if (target) {
    target.focus();
    target.scrollIntoView({ block: "nearest" });
  }
  return true;
}

function rowOf({ keys, label }) {
  return make("div", {}, make("dt", {}, label()), make("dd", {}, ...keys.split(" ").flatMap((key) => [make("kbd", {}, key), " "])));
}

/** All keys: those the layout lists by subject, then those of this page that it does not know. */
function help() {
  const listed = document.getElementById("hd-keys")?.content.cloneNode(true) ?? make("div", {}, make("dl", { class: "hd-keys", "data-here": "" }));
  const seen = new Set([...listed.querySelectorAll("dd")].map((place) => [...place.children].map((key) => key.textContent).join(" ")));
  const more = [...bound(), { keys: "Ctrl Enter", label: () => text("send") }, { keys: "Ctrl K", label: () => text("palette") }]
    .filter((each) => each.label() && !seen.has(each.keys) && seen.add(each.keys));
  const place = listed.querySelector("[data-here]");
  place.append(...more.map(rowOf));
  if (!more.length) { place.previousElementSibling?.remove(); place.remove(); }
  show(make("dialog", { class: "hd-dialog hd-dialog--wide", "aria-labelledby": "hd-keys-title" },
    make("form", { method: "dialog", class: "hd-dialog__head" }, make("h2", { id: "hd-keys-title" }, text("shortcuts")), make("button", { class: "hd-btn hd-btn--small" }, text("close"))),
    listed));
  return true;
}

export function start() {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      palette(activate);
      return;
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (["Shift", "Tab"].includes(event.key)) return;
    clearTimeout(timer);
    timer = setTimeout(() => { typed = ""; }, PAUSE);
    const tried = typed ? [`${typed} ${event.key}`, event.key] : [event.key];
    const all = bound();
    for (const keys of tried) {
      const match = all.find((each) => each.keys === keys);
      if (match) {
        typed = "";
        if (match.run(event)) event.preventDefault();
        return;
      }
      if (all.some((each) => each.keys.startsWith(`${keys} `))) {
        typed = keys;
        return;
      }
    }
    typed = "";
  });
  document.addEventListener("click", (event) => event.target.closest?.("[data-shortcut-help]") && help());
}
