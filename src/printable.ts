/** JSON that people may see on a terminal: what strangers wrote into it moves no cursor and turns no text around. Pure. */

/** Control and format characters, and the separators that are line breaks; between its values JSON needs line feeds. */
const unprintable = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
  ).join('');

/** The same JSON: JSON.stringify escapes ASCII's control characters only, this those of Unicode too. */
export const printableJson = (json: string): string => json.replace(unprintable, escaped);
