// A picture of a letter opens on the page (data-picture); without this its link opens the picture itself.
import { make, text } from "./shared.js";

let dialog = null;
let opener = null;

function build() {
  const close = make("button", { class: "hd-btn hd-btn--small", type: "button" }, text("close"));
  const link = make("a", { class: "hd-btn hd-btn--small hd-btn--quiet", download: "" }, text("download"));
  const image = make("img", { alt: "" });
  const name = make("span", { class: "hd-picture__name hd-truncate", id: "hd-picture-name" });
  dialog = make("dialog", { class: "hd-picture", "aria-labelledby": "hd-picture-name" }, make("div", { class: "hd-picture__bar" }, name, link, close), image);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => { image.removeAttribute("src"); opener?.focus(); });
  document.body.append(dialog);
}

function turn(step) {
  const all = [...document.querySelectorAll("a[data-picture]")];
  show(all[(all.indexOf(opener) + step + all.length) % all.length]);
}

function show(link) {
  opener = link;
  const image = dialog.querySelector("img");
  image.src = link.href;
  image.alt = link.querySelector("img")?.alt ?? "";
  dialog.querySelector(".hd-picture__name").textContent = image.alt;
  dialog.querySelector("a").href = `${link.href}?download=1`;
  if (!dialog.open) dialog.showModal();
}

export function start() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-picture]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!dialog) build();
    show(link);
  });
  document.addEventListener("keydown", (event) => {
    if (!dialog?.open || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    turn(event.key === "ArrowRight" ? 1 : -1);
  });
}
