// @ts-check
/**
 * The page: every `<lesion-lens>` in it is a viewer with a study of its own. Files of the page and workers with nets are
 * the same for all of them.
 */

import { LesionLens } from "./elements/lesion-lens.js";
import { Pool } from "./engine/pool.js";
import { createApp } from "./session/app.js";
import { prepare } from "./start/prepare.js";

const viewers = Array.from(document.querySelectorAll("lesion-lens")).filter((one) => one instanceof LesionLens);
const apps = viewers.map((viewer) => {
  const app = createApp();
  viewer.open(app);
  return app;
});
try {
  const setAll = (/** @type {Parameters<(typeof apps)[number]["store"]["set"]>[0]} */ change) => {
    for (const { store } of apps) store.set(change);
  };
  const kit = await prepare(
    document,
    (done, total) => setAll({ progress: { done, total, unit: "bytes" } }),
    () => setAll({ worksOffline: true }),
  );
  const pool = new Pool(kit);
  await Promise.all(apps.map(({ study }) => study.start(pool)));
} catch (error) {
  for (const { study } of apps) study.fail(error);
}
