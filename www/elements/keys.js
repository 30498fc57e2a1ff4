// @ts-check
/** The keys of the reading room. */

/** @import { App } from "./part.js" */

/**
 * Attaches the keys to whatever should hear them: the document where the viewer is the page, else the viewer.
 * @param {EventTarget} target
 * @param {App} app
 * @param {AbortSignal} signal
 */
export function attachKeys(target, app, signal) {
  target.addEventListener("keydown", (event) => onKey(/** @type {KeyboardEvent} */ (event), app), { signal });
}

/**
 * @param {KeyboardEvent} event
 * @param {App} app
 */
function onKey(event, app) {
  if (isUndo(event, app)) return;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const focused = event.target instanceof Element ? event.target : null;
  if (event.key === "?") {
    app.actions.setHelp(!app.store.get().helpOpen);
    event.preventDefault();
    return;
  }
  if (app.store.get().helpOpen || app.store.get().series.length === 0) return;
  // What is typed into a field is typed into it.
  if (focused?.matches("input[type=number], input[type=text], select, textarea")) return;
  const isSlider = focused?.matches("input[type=range]:not([data-slice-slider])") ?? false;
  const isPressable = focused?.matches("button, a, summary, label, input, dialog") ?? false;
  if (act(event.key, app, { isSlider, isPressable })) event.preventDefault();
}

/**
 * Ctrl+Z takes back, Ctrl+Y or Ctrl+Shift+Z does again; in a field they belong to the field.
 * @param {KeyboardEvent} event
 * @param {App} app
 */
function isUndo(event, { actions }) {
  const isTyping = event.target instanceof Element && event.target.matches("input:not([type=range]), textarea");
  if (event.defaultPrevented || isTyping || event.altKey || !(event.ctrlKey || event.metaKey)) return false;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return false;
  if (key === "y" || event.shiftKey) actions.redo();
  else actions.undo();
  event.preventDefault();
  return true;
}

/**
 * Does what a key stands for; false where the key is left to the element that has the focus.
 * @param {string} key
 * @param {App} app
 * @param {{ isSlider: boolean, isPressable: boolean }} focus
 */
function act(key, { actions }, focus) {
  switch (key) {
    case "ArrowUp":
    case "ArrowDown":
      if (focus.isSlider) return false;
      actions.step(key === "ArrowDown" ? 1 : -1);
      return true;
    case "Home":
    case "End":
      if (focus.isSlider) return false;
      if (key === "Home") actions.first();
      else actions.last();
      return true;
    case " ":
      if (focus.isPressable) return false;
      actions.reset();
      return true;
    case "Escape":
      actions.takeTool("window");
      actions.unselect();
      return true;
    case "+":
      actions.zoomIn();
      return true;
    case "-":
    case "−":
      actions.zoomOut();
      return true;
    case "=":
      actions.fit();
      return true;
    case "i":
    case "I":
      actions.invert();
      return true;
    case "h":
    case "H":
      actions.turn("across");
      return true;
    case "v":
    case "V":
      actions.turn("down");
      return true;
    case "r":
    case "R":
      actions.turn("quarter");
      return true;
    case "c":
    case "C":
      actions.togglePlaying();
      return true;
    case "n":
    case "N":
      actions.stepDetection(1);
      return true;
    case "p":
    case "P":
      actions.stepDetection(-1);
      return true;
    case "m":
    case "M":
      actions.takeTool("diameters");
      return true;
    case "l":
    case "L":
      actions.takeTool("line");
      return true;
    case "a":
    case "A":
      actions.takeTool("arrow");
      return true;
    case "j":
    case "J":
      actions.stepLesion(1);
      return true;
    case "k":
    case "K":
      actions.stepLesion(-1);
      return true;
    case "t":
    case "T":
      actions.toggleTruth();
      return true;
    case "b":
    case "B":
      actions.toggleBoxes();
      return true;
    default:
      return actions.preset(key);
  }
}
