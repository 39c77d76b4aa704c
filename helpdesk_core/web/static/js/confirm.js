// data-confirm="What will happen" on a button or form: ask before it is sent.
import { make, text } from "./shared.js";

export function ask(question, action) {
  return new Promise((resolve) => {
    const cancel = make("button", { class: "hd-btn", value: "" }, text("cancel"));
    const go = make("button", { class: "hd-btn hd-btn--danger", value: "yes" }, action || text("yes"));
    const dialog = make("dialog", { class: "hd-dialog", "aria-label": text("confirm") },
      make("form", { method: "dialog" }, make("p", {}, question), make("div", { class: "hd-dialog__foot" }, cancel, go)));
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    cancel.focus();
  });
}

export function start() {
  document.addEventListener("submit", async (event) => {
    const button = event.submitter;
    const form = event.target;
    const question = button?.dataset.confirm ?? form.dataset.confirm;
    if (!question) return;
    if (form.dataset.confirmed) { delete form.dataset.confirmed; return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (await ask(question, button?.textContent.trim())) {
      form.dataset.confirmed = "1";
      form.requestSubmit(button);
    }
  }, true);
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    ask(event.detail.question, event.target.textContent.trim()).then((yes) => yes && event.detail.issueRequest(true));
  });
}
