// Which panels a person folded is remembered: with data-panels (an address) for the person, else on this device.
import { each, store } from "./shared.js";

export function start() {
  each("details[data-remember]", (panel) => {
    const key = panel.dataset.remember;
    const href = panel.closest("[data-panels]")?.dataset.panels;
    if (!href) {
      const kept = store.get(`panel.${key}`);
      if (kept) panel.open = kept === "open";
    }
    let known = panel.open; // what is open from the start tells of it too
    panel.addEventListener("toggle", () => {
      if (panel.open === known) return;
      known = panel.open;
      if (!href) store.set(`panel.${key}`, known ? "open" : "shut");
      else {
        const body = new URLSearchParams({ key, open: known ? "1" : "" });
        // Whoever folds a panel and goes on at once has folded it.
        fetch(href, { method: "POST", keepalive: true, body, headers: token() }).catch(() => { /* the next time it is remembered */ });
      }
    });
  });
}

/** The header by which a request in the background proves to come from our own page. */
export function token() {
  return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
}
