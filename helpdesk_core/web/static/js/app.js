// Everything here makes pages quicker to use; without it they still work.
import { start as confirm } from "./confirm.js";
import { start as drafts } from "./drafts.js";
import { start as forms } from "./forms.js";
import { start as list } from "./list.js";
import { start as menus } from "./menus.js";
import { start as panels } from "./panels.js";
import { start as pictures } from "./pictures.js";
import { start as remote } from "./remote.js";
import { start as shortcuts } from "./shortcuts.js";
import { start as theme } from "./theme.js";
import { start as times } from "./times.js";
import { start as toasts } from "./toasts.js";
import { start as uploads } from "./uploads.js";

for (const start of [theme, panels, menus, uploads, forms, drafts, pictures, remote, confirm, list, shortcuts, times, toasts]) {
  start();
}
