// Which letters the minutes' PDF can set, as printable.py has it: what will not print is said before anybody signs.

// biome-ignore lint/suspicious/noMisleadingCharacterClass: ranges of single characters, each of which the font has or lacks
const OTHERS = /[^\n\u0020-\u007e\u00a0-\u0241\u0250-\u02af\u02b0-\u02e4\u0300-\u033f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u045f\u1e00-\u1e9b\u1ea0-\u1ef9\u200b-\u200f\u2010-\u2027\u202f\u2030\u2032\u2033\u2039\u203a\u2060\u20ab\u20ac\u2122\u2190-\u2193\u2212\u2264\u2265\u25cf\ufeff]/gu;

/** The letters of a text that would print as boxes, each once, as they come. @param {string} text */
export const unprintable = (text) => [...new Set(text.match(OTHERS) ?? [])].join("");
