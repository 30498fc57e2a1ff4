// @ts-check
/** What a person can do with an open study. Each action is one change of the state. */

/** @import { Window as DisplayWindow } from "lesionlens" */
/** @import { Shown } from "./selectors.js" */
/** @import { State, StateStore } from "./state.js" */
/** @import { Decision, Mark } from "./reader.js" */
/** @import { Filter, Place, Sort, Tool } from "./view.js" */
/** @import { Point, Size } from "../viewport/transform.js" */
import { UPRIGHT, moved, oneToOne, turned, zoomed } from "../viewport/transform.js";
import { listedLesions, selectedLesion } from "./lesions.js";
import { PRESETS } from "./presets.js";
import { changed, decided, decisionOn, marked, redone, undone, unmarked } from "./reader.js";
import { seriesInView, shownDetections, sliceInView } from "./selectors.js";

/** @typedef {ReturnType<typeof createActions>} Actions */

// One press of a key or button enlarges by this much.
const ZOOM_STEP = 1.25;

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

  /** @param {import("./lesions.js").Listed} listed */
  const goToLesion = ({ lesion, series, slice }) => {
    show({ series, slice });
    store.set({ selected: lesion.id });
  };

  /** @param {number} factor @param {Point} [about] on the canvas; the room's middle where nothing is said */
  const zoom = (factor, about) => {
    const { room, pose } = store.get();
    const series = seriesInView(store.get());
    if (!series) return;
    const place = about ?? /** @type {const} */ ([room.width / 2, room.height / 2]);
    store.set({ pose: zoomed(series, series.spacing_mm, room, pose, factor, place) });
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
      store.set({ selected: null, pose: UPRIGHT, inverted: false });
    },
    /** @param {Size} room */
    setRoom: (room) => {
      const before = store.get().room;
      if (before.width !== room.width || before.height !== room.height) store.set({ room });
    },
    zoom,
    zoomIn: () => zoom(ZOOM_STEP),
    zoomOut: () => zoom(1 / ZOOM_STEP),
    /** The whole slice in the middle, turned as it is. */
    fit: () => store.set({ pose: { ...UPRIGHT, facing: store.get().pose.facing } }),
    /** A pixel of the slice as one of the screen's. @param {number} devicePixels per canvas pixel */
    oneToOne: (devicePixels) => {
      const series = seriesInView(store.get());
      const { room, pose } = store.get();
      if (series) store.set({ pose: oneToOne(series, series.spacing_mm, room, pose, devicePixels) });
    },
    /** @param {Point} by canvas pixels */
    move: (by) => {
      const series = seriesInView(store.get());
      const { room, pose } = store.get();
      if (series) store.set({ pose: moved(series, series.spacing_mm, room, pose, by) });
    },
    /** @param {"across" | "down" | "quarter"} how */
    turn: (how) => store.set({ pose: turned(store.get().pose, how) }),
    invert: () => store.set({ inverted: !store.get().inverted }),
    /** @param {Point | null} probed image pixel under the pointer */
    probe: (probed) => {
      const before = store.get().probed;
      if (before?.[0] !== probed?.[0] || before?.[1] !== probed?.[1]) store.set({ probed });
    },
    toggleFinger: () => store.set({ finger: store.get().finger === "slices" ? "window" : "slices" }),
    togglePlaying: () => store.set({ playing: !store.get().playing }),
    /** The next slice; after the last one the first. */
    playOn: () => {
      const n = seriesInView(store.get())?.slices.length ?? 0;
      if (n > 0) showSlice((store.get().view.slice + 1) % n);
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
    /** Shows a lesion of the list where its score is highest. @param {string} id */
    selectLesion: (id) => {
      const listed = listedLesions(store.get()).find(({ lesion }) => lesion.id === id);
      if (listed) goToLesion(listed);
    },
    /** The next (1) or previous (−1) lesion of the list, round the ends. @param {1 | -1} by */
    stepLesion: (by) => {
      const all = listedLesions(store.get());
      const selected = selectedLesion(store.get())?.id;
      const at = all.findIndex(({ lesion }) => lesion.id === selected);
      const next = all[at < 0 ? (by === 1 ? 0 : all.length - 1) : (at + by + all.length) % all.length];
      if (next) goToLesion(next);
    },
    /** @param {Sort} lesionSort */
    sortLesions: (lesionSort) => store.set({ lesionSort }),
    /** @param {Filter} lesionFilter */
    filterLesions: (lesionFilter) => store.set({ lesionFilter }),
    /** Says something about the selected lesion. The same again takes it away. @param {Decision | null} decision */
    decide: (decision) => {
      const lesion = selectedLesion(store.get());
      const { reader } = store.get();
      if (!lesion) return;
      const before = decisionOn(reader, lesion);
      const isSame = decision?.verdict === before?.verdict && decision?.verdict !== "disagree";
      store.set({ reader: decided(reader, lesion, isSame ? null : decision) });
    },
    undo: () => store.set({ reader: undone(store.get().reader), draft: null, selectedMark: null }),
    redo: () => store.set({ reader: redone(store.get().reader), draft: null, selectedMark: null }),
    /** Takes up a tool; the one in hand is put down. @param {Tool} tool */
    takeTool: (tool) => store.set({ tool: store.get().tool === tool ? "window" : tool, draft: null }),
    /** @param {State["draft"]} draft */
    draft: (draft) => store.set({ draft }),
    /** Keeps what was being drawn or changed, which can be taken back from now on. */
    keepDraft: () => {
      const { draft, reader } = store.get();
      const slice = sliceInView(store.get())?.id;
      if (!draft || slice === undefined) return;
      const before = reader.said.marks.find(({ id }) => id === draft.id);
      const after = before
        ? changed(reader, { ...before, ...draft.shape })
        : marked(reader, [{ ...draft.shape, slice, text: "" }]);
      const selectedMark = before?.id ?? after.said.marks.at(-1)?.id ?? null;
      store.set({ reader: after, draft: null, selectedMark, tool: before ? store.get().tool : "window" });
    },
    /** @param {readonly Omit<Mark, "id">[]} marks */
    addMarks: (marks) => {
      const reader = marked(store.get().reader, marks);
      if (marks.length > 0) store.set({ reader, selectedMark: reader.said.marks.at(-1)?.id ?? null });
    },
    /** Takes the diameters of the selected detection over, to be corrected. */
    takeOver: () => {
      const { selected, found, reader } = store.get();
      const detection = [...found.values()].flat().find(({ id }) => id === selected);
      if (!detection?.axes) return;
      const points = [...detection.axes.long_px, ...detection.axes.short_px];
      const after = marked(reader, [{ kind: "diameters", points, slice: detection.slice, text: "" }]);
      store.set({ reader: after, selectedMark: after.said.marks.at(-1)?.id ?? null });
    },
    /** Selects a mark, and shows its slice. @param {number | null} selectedMark */
    selectMark: (selectedMark) => {
      const { reader, series } = store.get();
      const mark = reader.said.marks.find(({ id }) => id === selectedMark);
      for (const [s, { slices }] of mark ? series.entries() : []) {
        const slice = slices.findIndex(({ id }) => id === mark?.slice);
        if (slice >= 0) show({ series: s, slice });
      }
      store.set({ selectedMark });
    },
    /** @param {number} id @param {string} text */
    writeMark: (id, text) => {
      const { reader } = store.get();
      const mark = reader.said.marks.find((one) => one.id === id);
      if (mark && mark.text !== text) store.set({ reader: changed(reader, { ...mark, text }) });
    },
    /** @param {number} id */
    removeMark: (id) => store.set({ reader: unmarked(store.get().reader, id), selectedMark: null }),
    toggleReader: () => store.set({ showReader: !store.get().showReader }),
    toggleTruth: () => store.set({ showTruth: !store.get().showTruth }),
    toggleBoxes: () => store.set({ showBoxes: !store.get().showBoxes }),
    /** @param {boolean} helpOpen */
    setHelp: (helpOpen) => store.set({ helpOpen }),
  };
}
