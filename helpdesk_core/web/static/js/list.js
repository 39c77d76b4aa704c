// Lists of rows: j and k move, Enter opens, x selects; the first checkbox selects all.
import { each, text } from "./shared.js";

const ROWS = "[data-list] [data-row]";

export function rows() {
  return [...document.querySelectorAll(ROWS)].filter((row) => row.offsetParent);
}

export function here() {
  return document.querySelector(`${ROWS}.hd-here`) ?? document.activeElement.closest?.(ROWS) ?? document.querySelector(`${ROWS}[aria-current=true]`);
}

function move(step) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(here());
  const next = all[Math.min(Math.max(at < 0 ? 0 : at + step, 0), all.length - 1)];
  document.querySelector(".hd-here")?.classList.remove("hd-here");
  next.classList.add("hd-here");
  const link = next.querySelector("a");
  link?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  next.dispatchEvent(new CustomEvent("hd:row", { bubbles: true }));
  return true;
}

export function count(list) {
  const area = list.closest("form") ?? document;
  const chosen = list.querySelectorAll("tbody input[type=checkbox]:checked, li input[type=checkbox]:checked").length;
  area.querySelectorAll("[data-selected-count]").forEach((place) => { place.textContent = String(chosen); });
}

export const keys = [
  { keys: "j", label: () => text("down"), run: () => move(1) },
  { keys: "k", label: () => text("up"), run: () => move(-1) },
  { keys: "x", label: () => text("select"), run: () => { const box = here()?.querySelector("input[type=checkbox]"); box?.click(); return Boolean(box); } },
  { keys: "* a", label: () => text("all"), run: () => { const all = document.querySelector("[data-select-all]"); all?.click(); return Boolean(all); } },
  { keys: "Enter", label: () => text("open"), run: (event) => {
    if (event.target.closest("a, button, summary, input")) return false;
    const link = here()?.querySelector("a");
    link?.click();
    return Boolean(link);
  } },
].map((each) => ({ ...each, shown: () => rows().length > 0 }));

export function start() {
  each("[data-list]", (list) => {
    const all = list.querySelector("[data-select-all]");
    list.addEventListener("change", (event) => {
      const boxes = [...list.querySelectorAll("[data-row] input[type=checkbox]")];
      if (event.target === all) boxes.forEach((box) => { box.checked = all.checked; });
      else if (all) {
        all.checked = boxes.every((box) => box.checked);
        all.indeterminate = !all.checked && boxes.some((box) => box.checked);
      }
      count(list);
    });
    list.addEventListener("focusin", (event) => {
      const row = event.target.closest("[data-row]");
      if (!row?.classList.contains("hd-here")) document.querySelector(".hd-here")?.classList.remove("hd-here");
    });
    count(list);
  });
}
