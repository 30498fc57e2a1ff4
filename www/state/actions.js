// @ts-check
/** What a person can do with an open study. Each action is one change of the state. */

/** @import { Window as DisplayWindow } from "lesionlens" */
/** @import { Shown } from "./selectors.js" */
/** @import { StateStore } from "./state.js" */
/** @import { Place } from "./view.js" */
import { PRESETS } from "./presets.js";
import { seriesInView, shownDetections } from "./selectors.js";

/** @typedef {ReturnType<typeof createActions>} Actions */

/** @param {StateStore} store */
export function createActions(store) {
  /** @param {Place} place */
  const show = (place) => {
    const { series: all, window, ownWindow } = store.get();
    const shown = all[place.series];
    if (!shown) return;
    const slice = Math.min(Math.max(place.slice, 0), shown.slices.length - 1);
    store.set({ view: { series: place.series, slice }, window: ownWindow ? shown.window : window });
  };

  /** @param {number} slice 0-based; beyond the ends means the ends */
  const showSlice = (slice) => show({ series: store.get().view.series, slice });

  /** @param {DisplayWindow} window */
  const setWindow = (window) => {
    const width_hu = Math.min(Math.max(Math.round(window.width_hu), 1), 8000);
    const center_hu = Math.min(Math.max(Math.round(window.center_hu), -4000), 4000);
    store.set({ window: { width_hu, center_hu }, ownWindow: false });
  };

  const followSeries = () =>
    store.set({ window: seriesInView(store.get())?.window ?? store.get().window, ownWindow: true });

  /** @param {Shown} shown */
  const goTo = ({ series, slice, detection }) => {
    show({ series, slice });
    store.set({ selected: detection.id });
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
    setThreshold: (threshold) => store.set({ threshold }),
    /** Shows a detection that is at the threshold on its slice. @param {string | null} id */
    select: (id) => {
      const shown = shownDetections(store.get()).find(({ detection }) => detection.id === id);
      if (shown) goTo(shown);
    },
    unselect: () => store.set({ selected: null }),
    /** @param {string | null} pointed id of the detection under the pointer or with the focus */
    point: (pointed) => {
      if (store.get().pointed !== pointed) store.set({ pointed });
    },
    /**
     * The next (1) or previous (−1) detection in the order of the list, round the ends; without a selection, the
     * nearest one from the slice in view onwards.
     * @param {1 | -1} by
     */
    stepDetection: (by) => {
      const { selected, view } = store.get();
      const shown = shownDetections(store.get());
      if (shown.length === 0) return;
      let at = shown.findIndex(({ detection }) => detection.id === selected);
      if (at < 0) {
        const after = shown.findIndex(
          ({ series, slice }) => series > view.series || (series === view.series && slice >= view.slice),
        );
        const start = after < 0 ? shown.length : after;
        at = by === 1 ? start - 1 : start;
      }
      const next = shown[(at + by + shown.length) % shown.length];
      if (next) goTo(next);
    },
    toggleTruth: () => store.set({ showTruth: !store.get().showTruth }),
    toggleBoxes: () => store.set({ showBoxes: !store.get().showBoxes }),
    /** @param {boolean} helpOpen */
    setHelp: (helpOpen) => store.set({ helpOpen }),
  };
}
