/** JSON from strangers: strict parsing, and decoding with the exact path of what is wrong. Imports nothing. @module */
export { JsonError, parseJson } from "./parse.ts";
export { Cursor } from "./cursor.ts";
