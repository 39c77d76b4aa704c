// A request in the background that failed says so, and nothing that was written is lost. Notes stand above the composer.
import { each, make, text } from "./shared.js";

export function toast(kind, message, lasts = 8000) {
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
  if (lasts < Infinity) setTimeout(() => note.remove(), lasts);
  return note;
}

let missed = null;

/** Whether an answer says that nobody is signed in here any more. It is told once, until somebody is again. */
export function signedOut(answer) {
  const is = answer.status === 401 || answer.redirected;
  if (is && !missed) {
    const onward = `${text("login")}${encodeURIComponent(location.pathname + location.search)}`;
    missed = toast("error", make("span", {}, `${text("signedout")} `, make("a", { href: onward }, text("signin"))), Infinity);
  } else if (!is) {
    missed?.remove();
    missed = null;
  }
  return is;
}

/** What a page says when it opens stands above it on the desk: it can be put away, and never stays in front of a button. */
function dismissible(note) {
  const close = make("button", { class: "hd-btn hd-btn--quiet hd-btn--small hd-btn--icon hd-flash__close", type: "button", "aria-label": text("close") }, "×");
  close.addEventListener("click", () => {
    note.remove();
    document.getElementById("main")?.focus({ preventScroll: true });
  });
  note.append(close);
}

export function start() {
  each("[data-dismissible]", dismissible);
  document.addEventListener("htmx:sendError", () => toast("error", text("offline")));
  document.addEventListener("htmx:responseError", (event) => toast("error", event.detail.xhr.getResponseHeader("X-Message") || text("failed")));
  document.addEventListener("hd:toast", (event) => toast(event.detail.kind ?? "success", event.detail.message ?? event.detail.value));
}
