// @ts-check
/** Why the page cannot start: a stable code, a sentence with the particulars, and the file it is about, if any. */
export class StartError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {string} file
   */
  constructor(code, message, file = "") {
    super(message);
    this.name = "StartError";
    this.code = code;
    this.file = file;
  }
}
