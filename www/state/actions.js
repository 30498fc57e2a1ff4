// @ts-check
/** What a person can do with an open study. Each action is one change of the state. */

/** @import { Detection, DisplayWindow, StateStore, View } from "../types.js" */
import { detectionKey } from "./selectors.js";
import { PRESETS } from "./presets.js";

/** @typedef {ReturnType<typeof createActions>} Actions */

/**
 * @param {StateStore} store
 * @param {import("../session/study.js").Study} study
 */
export function createActions(store, study) {
  const series = () => store.get().series[store.get().view.series];

  /** @param {View} view */
  const show = (view) => {
    const { series: all, window, ownWindow } = store.get();
    const shown = all[view.series];
    if (!shown) return;
    const slice = Math.min(Math.max(view.slice, 0), shown.slices.length - 1);
    store.set({ view: { series: view.series, slice }, window: ownWindow ? shown.window : window });
  };

  /** @param {number} slice 0-based; beyond the ends means the ends */
  const showSlice = (slice) => show({ series: store.get().view.series, slice });

  /** @param {DisplayWindow} window */
  const setWindow = (window) => {
    const width_hu = Math.min(Math.max(Math.round(window.width_hu), 1), 8000);
    const center_hu = Math.min(Math.max(Math.round(window.center_hu), -4000), 4000);
    store.set({ window: { width_hu, center_hu }, ownWindow: false });
  };

  const followSeries = () => store.set({ window: series()?.window ?? store.get().window, ownWindow: true });

  /** @param {Detection} detection */
  const select = (detection) => {
    show({ series: detection.series, slice: detection.slice });
    store.set({ selected: detectionKey(detection) });
  };

  return {
    show,
    showSlice,
    /** @param {number} by */
    step: (by) => showSlice(store.get().view.slice + by),
    first: () => showSlice(0),
    last: () => showSlice(Number.MAX_SAFE_INTEGER),
    setWindow,
    /** @param {string} key */
    preset: (key) => {
      const preset = PRESETS.find((p) => p.key === key);
      if (!preset) return false;
      if (preset.window) setWindow(preset.window);
      else followSeries();
      return true;
    },
    reset: () => {
      followSeries();
      store.set({ selected: null });
    },
    /** @param {number} threshold */
    setThreshold: (threshold) => {
      store.set({ threshold });
      void study.refresh();
      void study.lookUp();
    },
    select,
    unselect: () => store.set({ selected: null }),
    /** @param {string | null} pointed key of the detection under the pointer or with the focus */
    point: (pointed) => {
      if (store.get().pointed !== pointed) store.set({ pointed });
    },
    /**
     * The next (1) or previous (−1) detection in the order of the list, round the ends; without a selection, the
     * nearest one from the slice in view onwards.
     * @param {1 | -1} by
     */
    stepDetection: (by) => {
      const { detections, selected, view } = store.get();
      if (detections.length === 0) return;
      let at = detections.findIndex((d) => detectionKey(d) === selected);
      if (at < 0) {
        const after = detections.findIndex(
          (d) => d.series > view.series || (d.series === view.series && d.slice >= view.slice),
        );
        const start = after < 0 ? detections.length : after;
        at = by === 1 ? start - 1 : start;
      }
      const next = detections[(at + by + detections.length) % detections.length];
      if (next) select(next);
    },
    toggleTruth: () => store.set({ showTruth: !store.get().showTruth }),
    toggleBoxes: () => store.set({ showBoxes: !store.get().showBoxes }),
    /** @param {boolean} helpOpen */
    setHelp: (helpOpen) => store.set({ helpOpen }),
  };
}
