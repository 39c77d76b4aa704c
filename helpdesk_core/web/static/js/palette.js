// Ctrl+K: every link and button that has a name, tickets by number or words, and a search for what was typed.
import { label, make, show, text } from "./shared.js";

const COMMANDS = ".hd-rail__item, .hd-nav__link, .hd-menu__item, .hd-tab, [data-shortcut]:not(input, textarea), [data-command]";
const PAUSE = 150;

function commands() {
  const seen = new Set();
  return [...document.querySelectorAll(COMMANDS)]
    .filter((element) => !element.closest("dialog, .hd-search__results"))
    .map((element) => ({ element, name: label(element), keys: element.dataset.shortcut }))
    .filter(({ name }) => name && !seen.has(name) && seen.add(name));
}

function fits(name, words) {
  const said = name.toLowerCase();
  return words.every((word) => said.includes(word));
}

async function tickets(typed, signal) {
  const address = text("suggestions");
  if (address === "suggestions" || typed.length < 2) return [];
  const answer = await fetch(`${address}?q=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" }, signal });
  return answer.ok ? (await answer.json()).map(({ label: name, href }) => ({ name, href })) : [];
}

export function palette(activate) {
  const all = commands();
  const input = make("input", { class: "hd-input", type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "hd-palette-list", "aria-label": text("palette"), placeholder: text("palette"), autocomplete: "off" });
  const list = make("ul", { class: "hd-palette__list", id: "hd-palette-list", role: "listbox", "aria-label": text("palette") });
  const dialog = make("dialog", { class: "hd-dialog hd-palette", "aria-label": text("palette") }, input, list);
  let found = [];
  let suggested = [];
  let at = 0;
  let timer;
  let asking;

  const draw = () => {
    const typed = input.value.trim();
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    found = [...all.filter(({ name }) => fits(name, words)).slice(0, 9), ...suggested];
    if (typed && text("searching") !== "searching") found.push({ name: `${text("search")} “${typed}”`, href: text("searching") + encodeURIComponent(typed) });
    at = Math.max(0, Math.min(at, found.length - 1));
    list.replaceChildren(...found.map(({ name, keys }, index) => {
      const item = make("li", { class: "hd-menu__item", role: "option", id: `hd-palette-${index}`, "aria-selected": String(index === at) }, make("span", { class: "hd-truncate hd-grow" }, name));
      if (keys) item.append(...keys.split(" ").map((key) => make("kbd", {}, key)));
      item.addEventListener("click", () => run(index));
      return item;
    }));
    if (!found.length) list.append(make("li", { class: "hd-muted p-2" }, text("nothing")));
    input.setAttribute("aria-activedescendant", found.length ? `hd-palette-${at}` : "");
    document.getElementById(`hd-palette-${at}`)?.scrollIntoView({ block: "nearest" });
  };
  const run = (index) => {
    const chosen = found[index];
    dialog.close();
    if (chosen?.element) activate(chosen.element);
    else if (chosen) location.assign(chosen.href);
  };
  input.addEventListener("input", () => {
    at = 0;
    suggested = [];
    draw();
    clearTimeout(timer);
    asking?.abort();
    timer = setTimeout(async () => {
      asking = new AbortController();
      try {
        suggested = await tickets(input.value.trim(), asking.signal);
        draw();
      } catch { /* typed on, or no answer: the commands are there */ }
    }, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % (found.length || 1);
      draw();
    } else if (event.key === "Enter") run(at);
    else return;
    event.preventDefault();
  });
  draw();
  show(dialog);
}
