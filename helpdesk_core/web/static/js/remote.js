// Pictures from elsewhere are shown where somebody asks for them (data-show-pictures), without loading the page anew:
// what is being typed stays. Without this the link does it. A letter that is drawn again keeps them.
const asked = new Set();

function show(letter) {
  for (const image of letter.querySelectorAll("img[data-remote]")) {
    image.src = image.dataset.remote;
    image.removeAttribute("data-remote");
  }
  const question = letter.querySelector(".hd-letter__remote");
  if (!question) return;
  const foot = question.closest(".hd-letter__foot");
  question.remove();
  if (foot && !foot.childElementCount) foot.remove();
}

function again() {
  for (const id of asked) {
    const letter = document.getElementById(id);
    if (letter) show(letter);
  }
}

export function start() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-show-pictures]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const letter = link.closest(".hd-letter");
    if (!letter?.id) return;
    event.preventDefault();
    asked.add(letter.id);
    const name = letter.querySelector(".hd-letter__time a");
    show(letter);
    name?.focus({ preventScroll: true });
  });
  document.addEventListener("htmx:load", again);
}
