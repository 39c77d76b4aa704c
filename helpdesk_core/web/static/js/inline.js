// Changing tickets in the list: one in its row by a click or a key, many by the bar; each refusal is told, all can be undone.
import { count, here } from "./list.js";
import { each, make, parsed, text } from "./shared.js";
import { addKeys } from "./shortcuts.js";
import { signedOut, toast } from "./toasts.js";

const FIELDS = { s: "status", a: "assignee", p: "priority" };
const READ = 12000;

export function rowOf(number) {
  return document.querySelector(`[data-list] [data-row="${CSS.escape(number)}"]`);
}

/** Put a row as the server has it now in the place of the one that is there; what the person did to it stays. */
export function replaceRow(number, html) {
  const before = rowOf(number);
  if (!before) return null;
  if (!html) {
    before.classList.add("hd-left");
    return before;
  }
  const after = parsed(html);
  after.querySelector("input[type=checkbox]").checked = before.querySelector("input[type=checkbox]").checked;
  const focused = before.contains(document.activeElement);
  after.classList.toggle("hd-here", before.classList.contains("hd-here"));
  if (before.hasAttribute("aria-current")) after.setAttribute("aria-current", "true");
  before.replaceWith(after);
  if (focused) after.querySelector("a").focus({ preventScroll: true });
  after.classList.add("hd-changed");
  return after;
}

function told(html) {
  const area = document.querySelector("[data-outcomes]");
  const outcome = parsed(html);
  outcome.append(make("button", { class: "hd-btn hd-btn--quiet hd-btn--small hd-btn--icon", type: "button", "aria-label": text("close"), "data-dismiss": "" }, "×"));
  area.classList.add("hd-outcomes");
  area.replaceChildren(outcome);
  if (!outcome.querySelector("li")) setTimeout(() => outcome.remove(), READ);
}

async function send(address, data) {
  let answer;
  try {
    answer = await fetch(address, { method: "POST", body: data, headers: { Accept: "application/json" } });
    if (signedOut(answer)) return null;
    const said = answer.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : { error: text("failed") };
    if (!answer.ok) throw new Error(said.error);
    for (const [number, html] of Object.entries(said.rows)) {
      const row = replaceRow(number, html);
      const reason = said.refused[number];
      row?.classList.toggle("hd-refused", Boolean(reason));
      if (row && !reason) row.querySelector("input[type=checkbox]").checked = false;
    }
    told(said.result);
    document.querySelectorAll("[data-list]").forEach(count);
    document.dispatchEvent(new CustomEvent("hd:changed"));
    return said;
  } catch (error) {
    toast("error", answer && error.message ? error.message : text("offline"));
    return null;
  }
}

function close() {
  document.querySelector(".hd-setmenu")?.remove();
}

function place(menu, cell) {
  const at = cell.getBoundingClientRect();
  menu.style.insetInlineStart = "auto";
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = at.bottom + menu.offsetHeight > innerHeight ? `${Math.max(8, at.top - menu.offsetHeight)}px` : `${at.bottom}px`;
}

/** Open the choices for a cell: those of the bar below the list. */
function open(cell) {
  close();
  const field = cell.dataset.set;
  const form = cell.closest("form[data-bulk]");
  const options = [...form.elements[field].options].filter((option) => option.value);
  const now = cell.dataset.now || "none";
  const menu = make("div", { class: "hd-menu__list hd-setmenu", role: "menu", "aria-label": text(field) });
  const choose = async (value) => {
    close();
    cell.closest("tr").querySelector("a").focus({ preventScroll: true });
    if (value === now) return;
    cell.setAttribute("aria-busy", "true");
    const data = new FormData();
    for (const name of ["csrf_token", "back"]) data.set(name, form.elements[name].value);
    data.set("ticket", cell.closest("tr").dataset.row);
    data.set(field, value);
    data.set(`was_${field}`, cell.dataset.now);
    await send(form.action, data);
    cell.removeAttribute("aria-busy");
  };
  menu.append(...options.map((option) => {
    const item = make("button", { class: "hd-menu__item", type: "button", role: "menuitemradio", "aria-checked": String(option.value === now) }, make("span", {}, option.textContent));
    item.addEventListener("click", () => choose(option.value));
    return item;
  }));
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.children];
    const at = items.indexOf(document.activeElement);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length].focus();
    else if (event.key === "Escape") { close(); cell.closest("tr").querySelector("a").focus(); } else if (event.key === "Tab") { close(); return; } else if (event.key.length === 1 && event.key !== " ") {
      const rest = [...items.slice(at + 1), ...items];
      rest.find((item) => item.textContent.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.body.append(menu);
  place(menu, cell);
  (menu.querySelector("[aria-checked=true]") ?? menu.firstElementChild).focus();
}

export function start() {
  addKeys(Object.entries(FIELDS).map(([keys, field]) => ({
    keys,
    label: () => text(field),
    shown: () => Boolean(document.querySelector("form[data-bulk]")) && !document.querySelector(".hd-pane--ticket"),
    run: () => { const cell = here()?.querySelector(`[data-set=${field}]`); if (cell) open(cell); return Boolean(cell); },
  })));
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-dismiss]")) event.target.closest("[data-outcome]").remove();
    const cell = event.target.closest?.("[data-list] [data-set]");
    if (cell) {
      event.preventDefault();
      open(cell);
    } else if (!event.target.closest?.(".hd-setmenu")) close();
  });
  document.addEventListener("scroll", close, true);
  each("[data-list]", (list) => list.classList.add("hd-table--settable"));
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("form[data-bulk], form[data-undo]")) return;
    event.preventDefault();
    const said = await send(form.action, new FormData(form));
    delete form.dataset.sending;
    if (said && form.matches("[data-bulk]")) form.querySelectorAll(".hd-bulk select").forEach((select) => { select.value = ""; });
  });
}
