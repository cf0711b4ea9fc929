"""Writes quant.json: blocks of every GGML format and the f32 values that the `gguf` package reads from them.

    python3 -m venv venv && venv/bin/pip install gguf==0.19.0 numpy==2.4.6
    venv/bin/python tests/golden/make_quant_golden.py

`decode` holds random bytes, so every bit of a block matters; scales are kept finite.
`encode` holds values and the bytes the package makes of them, where it has an encoder.
"""

import base64
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize

SEED = 20
BLOCKS = 8

# Where each block keeps its halves (scales and minimums), as byte offsets.
HALVES = {
    Type.F16: None,
    Type.BF16: None,
    Type.Q4_0: [0],
    Type.Q4_1: [0, 2],
    Type.Q5_0: [0],
    Type.Q5_1: [0, 2],
    Type.Q8_0: [0],
    Type.Q4_K: [0, 2],
    Type.Q5_K: [0, 2],
    Type.Q6_K: [208],
}
BLOCK_BYTES = {
    Type.Q4_0: 18,
    Type.Q4_1: 20,
    Type.Q5_0: 22,
    Type.Q5_1: 24,
    Type.Q8_0: 34,
    Type.Q4_K: 144,
    Type.Q5_K: 176,
    Type.Q6_K: 210,
}
ENCODERS = [Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0]


def b64(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def random_blocks(rng: np.random.Generator, kind: Type) -> np.ndarray:
    if kind is Type.F16:
        return rng.normal(size=(1, 256)).astype(np.float16).view(np.uint8)
    if kind is Type.BF16:
        return (rng.normal(size=(1, 256)).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)

    blocks = rng.integers(0, 256, size=(BLOCKS, BLOCK_BYTES[kind]), dtype=np.uint8)
    for at in HALVES[kind]:
        # Normal halves of both signs, and one subnormal in the last block.
        halves = rng.normal(size=BLOCKS).astype(np.float16)
        halves[-1] = np.float16(3.1e-5)
        blocks[:, at : at + 2] = halves.view(np.uint8).reshape(BLOCKS, 2)
    return blocks


def main() -> None:
    rng = np.random.default_rng(SEED)
    decode = {}
    for kind in HALVES:
        blocks = random_blocks(rng, kind)
        decode[kind.name.lower()] = {"bytes": b64(blocks), "values": b64(dequantize(blocks, kind).astype("<f4"))}

    encode = {}
    for kind in ENCODERS:
        values = rng.normal(size=(1, 256)).astype(np.float32)
        values[0, 32:64] = 0
        values[0, 64:96] *= 40
        encode[kind.name.lower()] = {"values": b64(values), "bytes": b64(quantize(values, kind))}

    golden = {
        "library": f"gguf {version('gguf')} (PyPI), numpy {version('numpy')}",
        "command": "python tests/golden/make_quant_golden.py",
        "decode": decode,
        "encode": encode,
    }
    Path(__file__).with_name("quant.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
