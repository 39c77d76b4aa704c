// What only the desk has; without it lists are plain tables with a form below.
import { start as arrange } from "./arrange.js";
import { start as inline } from "./inline.js";
import { start as live } from "./live.js";
import { start as preview } from "./preview.js";

for (const start of [inline, live, preview, arrange]) {
  start();
}
