// @ts-check
/** Why the page cannot start: a stable code, the file of the page it is about, if any, and the particulars. */
export class StartError extends Error {
  /**
   * @param {string} code
   * @param {{ file?: string, cause?: string, details?: Record<string, unknown> }} about `cause`: what the browser says
   */
  constructor(code, { file = "", cause = "", details = {} } = {}) {
    super(cause);
    this.name = "StartError";
    this.code = code;
    this.file = file;
    this.details = { ...details, path: file };
  }
}
