// Small helps in forms: Ctrl+Enter, showing a password, what the composer's two kinds need.
import { each } from "./shared.js";

function composer(form) {
  const body = form.elements.body;
  const follow = () => {
    const kind = form.querySelector("[name=kind]:checked")?.value;
    body.placeholder = kind === "internal" ? body.dataset.placeholderNote : body.dataset.placeholderReply;
  };
  form.addEventListener("change", follow);
  form.addEventListener("hd:restored", follow);
  follow();
}

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest?.("form");
    if (!form?.querySelector("textarea")) return;
    event.preventDefault();
    const button = [...form.querySelectorAll("[data-send]"), ...form.querySelectorAll("button[type=submit]")].find((each) => each.offsetParent);
    form.requestSubmit(button);
  });
  each("[data-reveal]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const input = document.getElementById(button.dataset.reveal);
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
    });
  });
  each("[data-focus-on-load]", (element) => element.focus());
  each("form[data-composer]", composer);
  // A second click while the first is on its way would send twice. What goes to a frame, as a preview does, sends nothing away.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || event.submitter?.formTarget || form.target) return;
    if (form.dataset.sending) { event.preventDefault(); return; }
    form.dataset.sending = "1";
    setTimeout(() => delete form.dataset.sending, 4000);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.forms) delete form.dataset.sending;
  });
  document.addEventListener("invalid", (event) => event.target.setAttribute("aria-invalid", "true"), true);
  document.addEventListener("input", (event) => {
    if (event.target.matches("[aria-invalid=true]") && event.target.validity?.valid) event.target.removeAttribute("aria-invalid");
  });
}
