/** package.json's version. Written here too, so that no bundle carries the whole of that file. */
export const VERSION = '0.1.0';
