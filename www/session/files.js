// @ts-check
/** From what was dropped or picked to files to read. Nothing is read here before its turn comes. */

/**
 * A file to read: one that was dropped or picked, or one of the sample study, whose path is known after reading.
 * @typedef {{ path: string, read(): Promise<{ path: string, bytes: Uint8Array<ArrayBuffer> }> }} Source
 */

// The largest file that the decoder takes (MAX_FILE_BYTES). A larger one is not even read.
const LARGEST_BYTES = 134_217_728;
// How long reading one file may take. A file on a drive that was taken away never answers.
const LONGEST_READ_MS = 60_000;
// Files that operating systems leave in folders.
const LITTER = new Set([".ds_store", "thumbs.db", "desktop.ini"]);

/** A file that could not be handed to the decoder, with a stable code. */
export class ReadError extends Error {
  /**
   * @param {"FileUnreadable" | "FileTooLarge" | "FileReadTimeout" | "FolderUnreadable"} code
   * @param {Record<string, unknown>} details
   */
  constructor(code, details = {}) {
    super();
    this.name = "ReadError";
    this.code = code;
    this.details = details;
  }
}

/**
 * @param {File} file
 * @param {string} path
 * @returns {Source}
 */
function sourceOf(file, path) {
  return {
    path,
    async read() {
      if (file.size > LARGEST_BYTES) {
        throw new ReadError("FileTooLarge", { bytes: file.size, limit: LARGEST_BYTES });
      }
      try {
        return { path, bytes: new Uint8Array(await inTime(file.arrayBuffer())) };
      } catch (error) {
        throw error instanceof ReadError ? error : new ReadError("FileUnreadable");
      }
    },
  };
}

/**
 * Waits for a file to answer, but not for ever.
 * @template T
 * @param {Promise<T>} answer
 * @returns {Promise<T>}
 */
function inTime(answer) {
  return new Promise((resolve, reject) => {
    const clock = setTimeout(() => reject(new ReadError("FileReadTimeout")), LONGEST_READ_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(clock));
  });
}

/**
 * What a file input holds; files of a picked folder keep their path inside it.
 * @param {Iterable<File>} files
 * @returns {Source[]}
 */
export function picked(files) {
  return inOrder(Array.from(files, (file) => sourceOf(file, file.webkitRelativePath || file.name)));
}

/**
 * What was dropped: files and folders with all they contain. The drop is looked at before this returns, since its
 * items are gone after the event; folders are walked when the returned function is called.
 * @param {DataTransfer} transfer
 * @returns {() => Promise<Source[]>}
 */
export function dropped(transfer) {
  /** @type {Source[]} */
  const sources = [];
  /** @type {FileSystemDirectoryEntry[]} */
  const folders = [];
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    if (entry?.isDirectory) folders.push(/** @type {FileSystemDirectoryEntry} */ (entry));
    else if (file) sources.push(sourceOf(file, file.name));
  }
  return async () => inOrder([...sources, ...(await Promise.all(folders.map(walk))).flat()]);
}

/**
 * @param {FileSystemDirectoryEntry} folder
 * @returns {Promise<Source[]>}
 */
async function walk(folder) {
  const reader = folder.createReader();
  /** @type {Source[]} */
  const sources = [];
  for (;;) {
    // A folder answers in portions; an empty one is the last.
    /** @type {FileSystemEntry[] | null} */
    const entries = await new Promise((resolve) => reader.readEntries(resolve, () => resolve(null)));
    // What could not be listed is said like a file that could not be read.
    if (!entries) return [...sources, unreadable(folder)];
    if (entries.length === 0) return sources;
    for (const entry of entries) {
      if (entry.isDirectory) sources.push(...(await walk(/** @type {FileSystemDirectoryEntry} */ (entry))));
      else sources.push(sourceOfEntry(/** @type {FileSystemFileEntry} */ (entry)));
    }
  }
}

/**
 * @param {FileSystemDirectoryEntry} folder
 * @returns {Source}
 */
const unreadable = (folder) => ({
  path: folder.fullPath.replace(/^\//, ""),
  read: () => Promise.reject(new ReadError("FolderUnreadable")),
});

/**
 * @param {FileSystemFileEntry} entry
 * @returns {Source}
 */
function sourceOfEntry(entry) {
  const path = entry.fullPath.replace(/^\//, "");
  return {
    path,
    async read() {
      /** @type {File} */
      const file = await inTime(
        new Promise((resolve, reject) => {
          entry.file(resolve, () => reject(new ReadError("FileUnreadable")));
        }),
      );
      return sourceOf(file, path).read();
    },
  };
}

const natural = new Intl.Collator("en", { numeric: true });

/**
 * In natural order of their paths, without the litter of operating systems.
 * @param {Source[]} sources
 */
function inOrder(sources) {
  return sources
    .filter(({ path }) => !LITTER.has(path.slice(path.lastIndexOf("/") + 1).toLowerCase()))
    .sort((a, b) => natural.compare(a.path, b.path));
}

/**
 * Whether a file is a table, which says something about slices and is none itself.
 * @param {Source} source
 */
export const isTable = (source) => /\.csv$/i.test(source.path);
