// Files for a message: chosen, dropped or pasted. With data-upload (an address) each is sent at once, with its progress.
import { each, make, text } from "./shared.js";

const waiting = new WeakMap(); // form: how many files are on their way
const pressed = new WeakMap(); // form: the button that is to send it when they have arrived

function size(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let unit = 0;
  for (; bytes >= 1000 && unit < 3; unit += 1) bytes /= 1000;
  return `${new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: bytes < 100 && unit ? 1 : 0 }).format(bytes)} ${units[unit]}`;
}

function listOf(input) {
  return input.closest("[data-drop], form").querySelector("[data-chosen]") ?? input.form.querySelector("[data-chosen]");
}

/** A line of the list: name, size, what is said of it, and a button that takes it off. */
function line(name, bytes, remove) {
  const button = make("button", { type: "button", class: "hd-file__remove", "aria-label": `${text("remove")} ${name}`, title: text("remove") }, "×");
  const row = make("li", { class: "hd-file" }, make("span", { class: "hd-file__name" }, name), make("span", { class: "hd-file__size" }, size(bytes)), button);
  button.addEventListener("click", () => { row.remove(); remove(); });
  return row;
}

function changed(form) {
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

/** A limit of the site in bytes: `file-mb` for one file, `form-mb` for all of a form. */
function room(name) {
  return Number(document.getElementById("hd-texts")?.dataset[name] ?? Infinity) * 1024 * 1024;
}

/** Say why a file is not taken. Until it is taken off, the form is not sent: nobody is to think that it went along. */
function refuse(row, place, said) {
  row.classList.add("hd-file--failed");
  row.dataset.refused = "";
  place(make("span", { class: "hd-file__problem", role: "alert" }, said));
}

/** Without an address the files stay in the field until the form is sent. */
function show(input) {
  const files = [...input.files];
  const allFit = files.reduce((sum, file) => sum + file.size, 0) <= room("formMb");
  listOf(input)?.replaceChildren(...files.map((file) => {
    const row = line(file.name, file.size, () => {
      const rest = new DataTransfer();
      for (const other of input.files) if (other !== file) rest.items.add(other);
      input.files = rest.files;
      show(input);
      input.focus();
    });
    if (file.size > room("fileMb") || !allFit) refuse(row, (said) => row.querySelector("button").before(said), text("toolarge"));
    return row;
  }));
}

function send(input, file) {
  const form = input.form;
  const request = new XMLHttpRequest();
  const progress = make("progress", { class: "hd-progress", max: "1", value: "0", "aria-label": file.name });
  const row = line(file.name, file.size, () => { request.abort(); input.focus(); changed(form); });
  row.querySelector("button").before(progress);
  listOf(input).append(row);
  const failed = (said) => refuse(row, (words) => progress.replaceWith(words), said);
  if (file.size > room("fileMb")) {
    failed(text("toolarge"));
    return;
  }
  waiting.set(form, (waiting.get(form) ?? 0) + 1);
  request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) progress.value = event.loaded / event.total; });
  request.addEventListener("load", () => {
    if (request.status === 201 && request.response) {
      progress.remove();
      row.append(make("input", { type: "hidden", name: "attachments", value: request.response.uid }));
      changed(form);
    } else failed(request.response?.error ?? text("failed"));
  });
  request.addEventListener("error", () => failed(text("offline")));
  request.addEventListener("loadend", () => {
    waiting.set(form, waiting.get(form) - 1);
    if (!waiting.get(form) && form.dataset.sendsWhenUploaded) {
      delete form.dataset.sendsWhenUploaded;
      form.requestSubmit(pressed.get(form));
    }
  });
  const body = new FormData();
  body.append("file", file);
  request.open("POST", input.dataset.upload);
  request.setRequestHeader("X-CSRFToken", form.querySelector("[name=csrf_token]").value);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.send(body);
}

export function take(input, files) {
  if (!input || !files.length) return;
  if (input.dataset.upload) {
    for (const file of files) send(input, file);
    return;
  }
  const all = new DataTransfer();
  for (const file of [...(input.multiple ? input.files : []), ...files]) all.items.add(file);
  input.files = all.files;
  show(input);
}

function dropped(area, input) {
  area.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    area.classList.add("hd-drop--over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("hd-drop--over"));
  area.addEventListener("drop", (event) => {
    area.classList.remove("hd-drop--over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(input, event.dataTransfer.files);
  });
}

export function start() {
  each("input[type=file]", (input) => {
    input.addEventListener("change", () => {
      if (!input.dataset.upload) { show(input); return; }
      const files = [...input.files];
      input.value = "";
      take(input, files);
    });
    const form = input.form;
    if (!form || form.dataset.takesFiles) return;
    form.dataset.takesFiles = "1";
    form.addEventListener("paste", (event) => take(input, event.clipboardData.files));
    dropped(form, input);
  });
  // What is still on its way goes along: the form waits for it.
  document.addEventListener("submit", (event) => {
    const refused = event.target.querySelector("[data-refused] button");
    if (refused) {
      event.preventDefault();
      event.stopPropagation();
      refused.focus();
      return;
    }
    if (!waiting.get(event.target)) return;
    event.preventDefault();
    event.target.dataset.sendsWhenUploaded = "1";
    pressed.set(event.target, event.submitter ?? undefined); // “send and close” stays that
  }, true);
}
