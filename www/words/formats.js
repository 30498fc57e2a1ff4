// @ts-check
/** Numbers and plurals of one language. Every language's words are made from these. */

/**
 * The forms of a word that a language has. `other` is the one that every language has.
 * @typedef {Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }} Forms
 * @typedef {ReturnType<typeof formats>} Formats
 */

/** @param {string} language BCP 47 tag */
export function formats(language) {
  /** Without a sign before zero. */
  const number = (/** @type {Intl.NumberFormatOptions} */ options) =>
    new Intl.NumberFormat(language, { signDisplay: "negative", ...options });
  const integer = number({ maximumFractionDigits: 0 });
  const plain = number({ maximumFractionDigits: 0, useGrouping: false });
  const tenths = number({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const hundredths = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const thousandths = number({ minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const any = number({ maximumSignificantDigits: 6 });
  const twoDigits = number({ minimumSignificantDigits: 2, maximumSignificantDigits: 2 });
  const percent = new Intl.NumberFormat(language, { style: "percent" });
  const rules = new Intl.PluralRules(language);
  // A minus sign as wide as a plus, which a hyphen is not.
  const signed = (/** @type {string} */ text) => text.replace("-", "−");
  return {
    /** A count, with the language's grouping. @param {number} value */
    integer: (value) => signed(integer.format(value)),
    /** A whole number without grouping, as a display window is written. @param {number} value */
    plain: (value) => signed(plain.format(value)),
    /** @param {number} value */
    tenths: (value) => signed(tenths.format(value)),
    /** @param {number} value */
    hundredths: (value) => signed(hundredths.format(value)),
    /** @param {number} value */
    thousandths: (value) => signed(thousandths.format(value)),
    /** As many digits as the number has, at most six. @param {number} value */
    any: (value) => signed(any.format(value)),
    /** Two digits that count. @param {number} value */
    twoDigits: (value) => signed(twoDigits.format(value)),
    /** A share in whole hundredths, without the sign. @param {number} share */
    hundreds: (share) =>
      percent
        .formatToParts(share)
        .filter(({ type }) => type !== "percentSign" && type !== "literal")
        .map(({ value }) => value)
        .join(""),
    /**
     * The form of a word that goes with a number.
     * @param {number} value
     * @param {Forms} forms
     */
    form: (value, forms) => forms[rules.select(value)] ?? forms.other,
    /**
     * A number and the word that goes with it.
     * @param {number} value
     * @param {Forms} forms
     */
    count: (value, forms) => `${signed(integer.format(value))} ${forms[rules.select(value)] ?? forms.other}`,
  };
}
