/**
 * Content-Disposition of a download (RFC 6266): a plain name for old clients, and the name in any language (RFC 8187).
 * Names were written by people; nothing of them may end the header, name a folder or be a device of Windows. Pure.
 */

/** Not in file names: separators, what Windows refuses, control and format characters. */
const unusable = /[\\/:*?"<>|\p{C}\p{Zl}\p{Zp}]/gu;

const fileNameFrom = (text: string): string =>
  text
    .replace(unusable, '-')
    .replace(/^[. -]+/, '')
    .replace(/[. ]+(?=\.[a-z]+$)/, '') || 'download';

/** RFC 8187 §3.2: percent-encoded UTF-8, except attr-char. */
const extendedValue = (text: string): string =>
  encodeURIComponent(text).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/**
 * @param plainName as `fileNameOf` of the authority makes it: nothing but A–Z a–z 0–9 . _ -
 * @param name with its extension, as people know it
 */
export const attachment = (plainName: string, name: string): string =>
  `attachment; filename="${plainName.replace(/[^A-Za-z0-9._-]/g, '-')}"; filename*=UTF-8''${extendedValue(fileNameFrom(name))}`;
