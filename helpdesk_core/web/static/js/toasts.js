// A request in the background that failed says so, and nothing that was written is lost. Notes stand above the composer.
import { make, text } from "./shared.js";

export function toast(kind, message) {
  let area = document.querySelector(".hd-toasts");
  if (!area) {
    area = make("div", { class: "hd-toasts", role: "status", "aria-live": "polite" });
    document.body.append(area);
  }
  const note = make("div", { class: "hd-notice hd-flash", "data-kind": kind }, make("span", { "aria-hidden": "true" }, kind === "error" ? "!" : "✓"), make("div", {}, message));
  area.append(note);
  const box = document.querySelector(".hd-composer")?.getBoundingClientRect();
  const above = box && box.top < innerHeight && box.bottom > innerHeight - 80;
  area.style.insetBlockEnd = above ? `${innerHeight - Math.max(box.top, 120) + 8}px` : "";
  setTimeout(() => note.remove(), 8000);
}

export function start() {
  document.addEventListener("htmx:sendError", () => toast("error", text("offline")));
  document.addEventListener("htmx:responseError", (event) => toast("error", event.detail.xhr.getResponseHeader("X-Message") || text("failed")));
  document.addEventListener("hd:toast", (event) => toast(event.detail.kind ?? "success", event.detail.message ?? event.detail.value));
}
