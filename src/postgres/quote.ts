/**
 * Names and text for statements that take no parameters (roles, grants, LISTEN). Wherever a parameter is possible,
 * a parameter it is.
 */

import pg from 'pg';

/** `public.roads` as one name → `"public.roads"`; schema and table are quoted apart. */
export const quoteIdentifier = (name: string): string => pg.escapeIdentifier(name);

export const quoteLiteral = (text: string): string => pg.escapeLiteral(text);
