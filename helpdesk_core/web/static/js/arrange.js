// Order by one click: the arrows move a line at once, the form or the server learns of it; the search's suggestions by arrow keys.
import { each, text } from "./shared.js";
import { toast } from "./toasts.js";

function moved(item, up) {
  const other = up ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return false;
  if (up) other.before(item);
  else other.after(item);
  return true;
}

export function start() {
  each("[data-choosing]", (list) => list.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=move]");
    if (!button) return;
    event.preventDefault();
    moved(button.closest("li"), button.value.endsWith(":up"));
    button.focus();
  }));
  each("[data-order]", (table) => table.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (button?.name !== "move") return;
    event.preventDefault();
    const data = new FormData(event.target);
    moved(button.closest("tr"), button.value.endsWith(":up"));
    const lines = [...table.querySelectorAll("[data-key]")];
    for (const line of lines) {
      data.append("key", line.dataset.key);
      line.querySelector("[value$=':up']").disabled = line === lines[0];
      line.querySelector("[value$=':down']").disabled = line === lines.at(-1);
    }
    (button.disabled ? button.parentElement.querySelector("button:not(:disabled)") : button).focus();
    const answer = await fetch(table.dataset.order, { method: "POST", body: data }).catch(() => null);
    if (!answer?.ok) toast("error", text("offline"));
  }));
  document.addEventListener("keydown", (event) => {
    const search = event.target.closest?.(".hd-search");
    if (!search || !["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) return;
    const stops = [search.querySelector("input"), ...search.querySelectorAll(".hd-search__results a")];
    if (event.key === "Escape") {
      search.querySelector(".hd-search__results")?.replaceChildren();
      stops[0].focus();
      return;
    }
    const at = stops.indexOf(document.activeElement);
    const next = stops[(at + (event.key === "ArrowDown" ? 1 : -1) + stops.length) % stops.length];
    if (stops.length > 1) { next.focus(); event.preventDefault(); }
  });
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll(".hd-search__results:not(:empty)")) if (!open.parentElement.contains(event.target)) open.replaceChildren();
  });
  each("form.hd-filters", (form) => form.addEventListener("change", (event) => event.target.matches("select") && form.requestSubmit()));
}
