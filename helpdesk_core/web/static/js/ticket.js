// The ticket page of the desk: what is new arrives by itself, who else is there shows, and the composer's conveniences.
import { start as composer } from "./composer.js";
import { start as live } from "./live_ticket.js";
import { each, text } from "./shared.js";

function focusFirst(menu) {
  menu.querySelector("input:not([type=hidden]), .hd-menu__item")?.focus();
}

each("[data-print], [data-quote], [data-preview-toggle]", (button) => { button.hidden = false; });
each(".hd-pick, [data-inplace]", (menu) => menu.addEventListener("toggle", () => {
  if (!menu.open) return;
  focusFirst(menu);
  menu.querySelector("input:not([type=hidden])")?.select();
}));

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) print();
  const opener = event.target.closest?.("[data-opens-panel]");
  if (opener) reveal(document.getElementById(opener.dataset.opensPanel));
});

function reveal(panel) {
  if (!panel) return;
  panel.open = true;
  panel.scrollIntoView({ block: "nearest" });
  panel.querySelector("select, textarea, input:not([type=hidden])")?.focus();
}

each("#composer[data-preview]", (form) => composer(form, text));
each("#conversation[data-live]", live);
