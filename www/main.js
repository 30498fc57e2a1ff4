// @ts-check
/** The page: one viewer that is all of it. */

import { LesionLens } from "./elements/lesion-lens.js";
import { prepare } from "./start/prepare.js";

const viewer = document.querySelector("lesion-lens");
if (viewer instanceof LesionLens) await viewer.start((onProgress) => prepare(document, onProgress));
