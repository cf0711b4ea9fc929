// The two loops that bound our kernels, and nothing else. limits.ts builds and times them.

/** Reads memory once, a cache line at a time. */
export function read(from: usize, bytes: usize): i32 {
  let a = i32x4.splat(0),
    b = a,
    c = a,
    d = a;
  for (const end = from + bytes; from < end; from += 64) {
    a = v128.or(a, v128.load(from));
    b = v128.or(b, v128.load(from, 16));
    c = v128.or(c, v128.load(from, 32));
    d = v128.or(d, v128.load(from, 48));
  }
  return i32x4.bitmask(v128.or(v128.or(a, b), v128.or(c, d)));
}

/** Multiplies and adds int8, 96 products a turn, with all of it in registers. */
export function multiply(turns: i32, seed: i32): i32 {
  const one = i8x16.splat(1);
  const u = i8x16.splat(<i8>seed),
    v = i8x16.add(u, one),
    w = i8x16.add(v, one);
  const x = i8x16.add(w, one),
    y = i8x16.add(x, one),
    z = i8x16.add(y, one);
  let a = i16x8.splat(0),
    b = a,
    c = a,
    d = a,
    e = a,
    f = a;
  for (let t = one; turns > 0; turns--, t = i8x16.add(t, one)) {
    // a new `t` each turn, so that no product is kept
    a = i16x8.add(a, i16x8.relaxed_dot_i8x16_i7x16_s(t, u));
    b = i16x8.add(b, i16x8.relaxed_dot_i8x16_i7x16_s(t, v));
    c = i16x8.add(c, i16x8.relaxed_dot_i8x16_i7x16_s(t, w));
    d = i16x8.add(d, i16x8.relaxed_dot_i8x16_i7x16_s(t, x));
    e = i16x8.add(e, i16x8.relaxed_dot_i8x16_i7x16_s(t, y));
    f = i16x8.add(f, i16x8.relaxed_dot_i8x16_i7x16_s(t, z));
  }
  return i16x8.bitmask(v128.or(v128.or(v128.or(a, b), v128.or(c, d)), v128.or(e, f)));
}
