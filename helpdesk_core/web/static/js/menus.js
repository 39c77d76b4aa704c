// Menus are <details>: close on a click outside and on Escape, walk with the arrows. Also buttons that open a <dialog>.
import { each } from "./shared.js";

function open() {
  return document.querySelectorAll("details[data-menu][open]");
}

export function start() {
  document.addEventListener("click", (event) => {
    for (const menu of open()) {
      const chosen = event.target.closest?.(".hd-menu__item");
      if (!menu.contains(event.target) || (chosen && menu.contains(chosen))) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details[data-menu][open]") ?? open()[0];
    if (!menu) return;
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
      event.preventDefault();
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && menu.contains(event.target)) {
      const items = [...menu.querySelectorAll(".hd-menu__item")].filter((item) => item.offsetParent);
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = items.indexOf(document.activeElement);
      items[(at < 0 && step < 0 ? -1 : at + step + items.length) % items.length || 0]?.focus();
      event.preventDefault();
    }
  });
  each("[data-opens]", (button) => button.addEventListener("click", () => document.getElementById(button.dataset.opens)?.showModal()));
  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement && event.target.matches(".hd-dialog")) event.target.close();
  });
}
