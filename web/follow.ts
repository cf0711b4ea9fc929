const NEAR_PX = 40; // still counts as the bottom; less than two lines

export interface Follow {
  /** Call after the content grew. Moves only a reader who was at the bottom. */
  grew(): void;
  /** Goes to the bottom and stays there. */
  jump(): void;
}

/** Keeps a scrolling element at its bottom for as long as the reader is there; else offers `button`. */
export function followBottom(scroller: HTMLElement, button: HTMLElement): Follow {
  let following = true;

  const toBottom = () => {
    scroller.scrollTop = scroller.scrollHeight;
  };
  const update = () => {
    following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;
    button.hidden = following;
  };
  scroller.addEventListener('scroll', update, { passive: true });
  new ResizeObserver(() => following && toBottom()).observe(scroller); // the keyboard of a phone, a longer draft

  const jump = () => {
    toBottom();
    update();
  };
  button.addEventListener('click', jump);
  return { jump, grew: () => (following ? toBottom() : update()) };
}
