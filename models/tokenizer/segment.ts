/** A piece of a prompt. Only `control` may become special token ids; whatever a user typed is `text`. */
export type Segment = { readonly control: string } | { readonly text: string };
