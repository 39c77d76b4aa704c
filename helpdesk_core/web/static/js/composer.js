// The composer of the desk: preview, text that plugins insert, quoting, and naming colleagues with @.
import { token } from "./panels.js";
import { make } from "./shared.js";
import { toast } from "./toasts.js";

/** Put text to the cursor, so that undo takes it away again. */
export function insert(field, words) {
  field.focus();
  if (!document.execCommand("insertText", false, words)) field.setRangeText(words, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

async function ask(href, fields) {
  const answer = await fetch(href, { method: "POST", body: new URLSearchParams(fields), headers: token() });
  if (!answer.ok) throw new Error(answer.status);
  return answer.text();
}

export function start(form, text) {
  const field = form.querySelector("textarea[name=body]");
  previews(form, field, text);
  inserts(form, field, text);
  quotes(form, field);
  mentions(form, field);
  keepOnEnter(form);
}

function previews(form, field, text) {
  const pane = form.querySelector("[data-preview-pane]");
  const button = form.querySelector("[data-preview-toggle]");
  if (!pane || !button) return;
  const show = async (on) => {
    if (on) {
      try { pane.innerHTML = await ask(form.dataset.preview, { body: field.value }); } catch { toast("error", text("failed")); return; }
      pane.style.minBlockSize = `${field.offsetHeight}px`;
    }
    pane.hidden = !on;
    field.hidden = on;
    button.setAttribute("aria-pressed", String(on));
    if (!on) field.focus();
  };
  button.addEventListener("click", () => show(pane.hidden));
  form.addEventListener("change", (event) => event.target.name === "kind" && !pane.hidden && show(false));
  if (!pane.hidden) field.hidden = false; // shown by the server, below the text
}

/** <button name="insert" value="…"> fetches its text; a plugin's own script sends hd:insert with it. */
function inserts(form, field, text) {
  form.addEventListener("click", async (event) => {
    const button = event.target.closest("button[name=insert]");
    if (!button) return;
    event.preventDefault();
    button.closest("details[data-menu]")?.removeAttribute("open");
    try { insert(field, await ask(form.dataset.insert, { insert: button.value })); } catch { toast("error", text("failed")); }
  });
  document.addEventListener("hd:insert", (event) => form.isConnected && insert(field, event.detail.text));
}

function quotes(form, field) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-quote]");
    if (!button || !form.isConnected) return;
    const words = document.querySelector(`#${CSS.escape(button.dataset.quote)} .hd-letter__body`).cloneNode(true);
    words.querySelector(".hd-quote")?.remove();
    form.append(words); // innerText knows about lines only for what is on the page
    const lines = words.innerText.trim().split("\n").map((line) => `> ${line}`).join("\n");
    words.remove();
    insert(field, `${field.value && !field.value.endsWith("\n") ? "\n\n" : ""}${lines}\n\n`);
    field.scrollIntoView({ block: "nearest" });
  });
}

/** “@ad” offers the colleagues whose names begin so, in notes only: a customer is not told who works here. */
function mentions(form, field) {
  const list = document.getElementById("mentions");
  if (!list) return;
  const all = [...list.children];
  let at = -1;
  let chosen = 0;
  const offered = () => all.filter((item) => !item.hidden);
  const close = () => { list.hidden = true; at = -1; field.removeAttribute("aria-activedescendant"); };
  const mark = () => {
    offered().forEach((item, index) => item.setAttribute("aria-selected", String(index === chosen)));
    field.setAttribute("aria-activedescendant", offered()[chosen]?.id ?? "");
  };
  const take = (item) => {
    field.setSelectionRange(at, field.selectionStart);
    close();
    insert(field, `@${item.dataset.name} `);
  };
  for (const item of all) {
    item.append(item.dataset.name);
    if (item.dataset.outside) item.append(make("span", { class: "hd-muted" }, ` ${item.dataset.outside}`));
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(item); });
  }
  field.setAttribute("aria-controls", "mentions");
  field.addEventListener("input", () => {
    const before = field.value.slice(0, field.selectionStart);
    const found = /(?:^|[\s(])@([^\s@]{0,30}(?: [^\s@]{0,30})?)$/u.exec(before);
    if (!found || form.querySelector("[name=kind]:checked")?.value !== "internal") { close(); return; }
    at = before.length - found[1].length - 1;
    const words = found[1].toLowerCase();
    let shown = 0;
    for (const item of all) {
      const name = item.dataset.name.toLowerCase();
      item.hidden = shown >= 6 || !(name.startsWith(words) || name.split(" ").some((part) => part.startsWith(words)));
      if (!item.hidden) shown += 1;
    }
    list.hidden = !shown || words === offered()[0]?.dataset.name.toLowerCase();
    chosen = 0;
    mark();
  });
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + offered().length) % offered().length;
    else if ((event.key === "Enter" || event.key === "Tab") && !event.ctrlKey) take(offered()[chosen]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!list.hidden) mark();
  });
  field.addEventListener("blur", close);
}

/** Enter on a box or a tab must not send what is being written. */
function keepOnEnter(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.matches("[type=checkbox], [type=radio]")) event.preventDefault();
  });
}
