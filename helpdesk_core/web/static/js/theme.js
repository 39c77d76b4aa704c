// Light or dark, and the narrow rail: shown at once, and kept in a cookie so that the next page comes right from the server.
import { cookie, each, store } from "./shared.js";

const root = document.documentElement;

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function choose(scheme) {
  root.dataset.theme = scheme;
  document.querySelector("meta[name=color-scheme]")?.setAttribute("content", scheme);
  store.set("theme", scheme);
  cookie("hd_theme", scheme);
}

export function start() {
  each("[data-theme-toggle]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => choose(isDark() ? "light" : "dark"));
  });
  each("[data-rail-toggle]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const slim = root.dataset.rail !== "slim";
      slim ? (root.dataset.rail = "slim") : delete root.dataset.rail;
      cookie("hd_rail", slim ? "slim" : "");
    });
  });
  addEventListener("storage", (event) => {
    if (event.key === "hd.theme" && event.newValue) root.dataset.theme = event.newValue;
  });
}
