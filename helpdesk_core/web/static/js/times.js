// "3 minutes ago" stays true while the page is open.
const STEPS = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [604800, "day", 86400], [2629800, "week", 604800], [31557600, "month", 2629800], [Infinity, "year", 31557600]];

export function start() {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "always" });
  setInterval(() => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("time[data-relative]")) {
      const seconds = (Date.parse(element.dateTime) - Date.now()) / 1000;
      const [, unit, size] = STEPS.find(([limit]) => Math.abs(seconds) < limit);
      const shown = words.format(Math.trunc(seconds / size), unit);
      if (element.textContent !== shown) element.textContent = shown;
    }
  }, 30000);
}
