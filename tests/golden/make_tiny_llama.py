"""Makes the tiny random Llamas of tests/golden/tiny-llama and their logits, judged by Hugging Face transformers.

For every weight format the matrices are quantised, dequantised again with the `gguf` package, and set in
`LlamaForCausalLM`. So the oracle computes with exactly the weights the file holds, and what is left between it and
Cria is arithmetic: layout, permutation, RoPE, grouped queries, norms, rounding of activations.

    python3 -m venv venv && venv/bin/pip install torch==2.6.0 transformers==5.23.0 gguf==0.19.0 \
        safetensors==0.8.0 numpy==2.4.6 tokenizers==0.23.3
    venv/bin/python tests/golden/make_tiny_llama.py

Run on CPython 3.11.7, Linux x86-64, CPU. Writes *.gguf, hf/ and logits.json; prints the planted-bug table of README.md.
"""

import base64
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as T
from gguf.quants import dequantize, quantize
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

OUT = Path(__file__).parent / "tiny-llama"
VOCAB = 300  # a multiple of 4 and not of 8: the last group of rows is half full
SHORT = [0, 1, 7, 15, 23]  # rows of logits kept, of 24 tokens
LONG = [1023, 4095, 8191, 8399]  # of 8,400 tokens; attention is causal, so a shorter run may check the first ones
ROPE = {"factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
THETA, EPS, CONTEXT = 500000.0, 1e-5, 131072


@dataclass(frozen=True)
class Shape:
    hidden: int
    ffn: int
    heads: int
    kv_heads: int
    layers: int = 2
    head_dim: int = 32


SMALL = Shape(hidden=128, ffn=160, heads=4, kv_heads=2)  # blocks of 32; ffn is a multiple of nothing larger
WIDE = Shape(hidden=256, ffn=256, heads=8, kv_heads=2)  # K-quants come in blocks of 256


@dataclass(frozen=True)
class Case:
    name: str
    type: T
    shape: Shape = SMALL
    tied: bool = True
    embedding: T | None = None  # of token_embd, where it differs


CASES = [
    Case("f32", T.F32),
    Case("f16", T.F16, tied=False),
    Case("bf16", T.BF16),
    Case("q4_0", T.Q4_0, embedding=T.Q8_0),
    Case("q4_1", T.Q4_1),
    Case("q5_0", T.Q5_0),
    Case("q5_1", T.Q5_1),
    Case("q8_0", T.Q8_0, tied=False),
    Case("q4_k", T.Q4_K, shape=WIDE),
    Case("q5_k", T.Q5_K, shape=WIDE, embedding=T.Q6_K),
    Case("q6_k", T.Q6_K, shape=WIDE),
]


# --- weights -----------------------------------------------------------------------------------------------------


def random_weights(shape: Shape, tied: bool) -> dict[str, np.ndarray]:
    """Hugging Face names and layout, f32. Scaled so that attention is peaked and logits spread over several units;
    some channels of the residual stream and of the norms are spiked, as in real checkpoints."""
    rng = np.random.default_rng(20241123)
    s = shape
    q, kv = s.heads * s.head_dim, s.kv_heads * s.head_dim

    def matrix(rows: int, cols: int, gain: float) -> np.ndarray:
        return (rng.standard_normal((rows, cols)) * gain / np.sqrt(cols)).astype(np.float32)

    def to_residual(cols: int, gain: float) -> np.ndarray:
        w = matrix(s.hidden, cols, gain)
        w[rng.choice(s.hidden, 3, replace=False)] *= 4
        return w

    def norm() -> np.ndarray:
        w = 1 + 0.2 * rng.standard_normal(s.hidden)
        w[rng.choice(s.hidden, 3, replace=False)] *= 3
        return torch.from_numpy(w).to(torch.bfloat16).float().numpy()  # f32 in GGUF, bf16 in hf/: the same numbers

    weights = {"model.embed_tokens.weight": matrix(VOCAB, s.hidden, 1.5)}
    for i in range(s.layers):
        p = f"model.layers.{i}."
        weights |= {
            p + "input_layernorm.weight": norm(),
            p + "self_attn.q_proj.weight": matrix(q, s.hidden, 1.1),
            p + "self_attn.k_proj.weight": matrix(kv, s.hidden, 1.1),
            p + "self_attn.v_proj.weight": matrix(kv, s.hidden, 1.0),
            p + "self_attn.o_proj.weight": to_residual(q, 0.6),
            p + "post_attention_layernorm.weight": norm(),
            p + "mlp.gate_proj.weight": matrix(s.ffn, s.hidden, 1.0),
            p + "mlp.up_proj.weight": matrix(s.ffn, s.hidden, 1.0),
            p + "mlp.down_proj.weight": to_residual(s.ffn, 0.3),
        }
    weights["model.norm.weight"] = norm()
    if not tied:
        weights["lm_head.weight"] = matrix(VOCAB, s.hidden, 1.5)
    return weights


# --- K-quant encoders: gguf only decodes these. Plain nearest rounding, no search ----------------------------------


def halves(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As two bytes of f16 each, and as the number those bytes mean."""
    half = values.astype(np.float16)
    return half.view(np.uint8).reshape(-1, 2), half.astype(np.float32)


def k_scales(lo: np.ndarray, hi: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """d, dmin and the 12 bytes of eight 6-bit scales and minima; then each sub-block's step and minimum as numbers."""
    floor = np.maximum(-lo, 0)
    step = (hi + floor) / steps
    d_bytes, d = halves(step.max(1) / 63)
    m_bytes, dmin = halves(floor.max(1) / 63)
    sc = np.clip(np.round(step / np.maximum(d, 1e-12)[:, None]), 1, 63).astype(np.uint8)
    m = np.clip(np.round(floor / np.maximum(dmin, 1e-12)[:, None]), 0, 63).astype(np.uint8)

    packed = np.concatenate(
        [
            (sc[:, :4] & 63) | ((sc[:, 4:] >> 4) << 6),
            (m[:, :4] & 63) | ((m[:, 4:] >> 4) << 6),
            (sc[:, 4:] & 15) | ((m[:, 4:] & 15) << 4),
        ],
        axis=1,
    )
    return np.concatenate([d_bytes, m_bytes, packed], axis=1), d[:, None] * sc, dmin[:, None] * m


def encode_q4_k_or_q5_k(w: np.ndarray, bits: int) -> np.ndarray:
    x = w.reshape(-1, 8, 32)
    head, step, floor = k_scales(x.min(2), x.max(2), 2**bits - 1)
    q = np.clip(np.round((x + floor[..., None]) / step[..., None]), 0, 2**bits - 1).astype(np.uint8)
    low = (q[:, 0::2] & 15) | ((q[:, 1::2] & 15) << 4)
    parts = [head, low.reshape(-1, 128)]
    if bits == 5:
        high = ((q >> 4) << np.arange(8, dtype=np.uint8)[:, None]).sum(1, dtype=np.uint8)
        parts.insert(1, high)
    return np.concatenate(parts, axis=1).reshape(w.shape[0], -1)


def encode_q6_k(w: np.ndarray) -> np.ndarray:
    x = w.reshape(-1, 16, 16)
    widest = np.take_along_axis(x, np.abs(x).argmax(2)[..., None], 2)[..., 0]
    step = widest / -32  # signed, so that the widest value lands on -32, the one code more
    d_bytes, d = halves(np.abs(step).max(1) / 127)
    sc = np.clip(np.round(step / np.maximum(d, 1e-12)[:, None]), -127, 127).astype(np.int8)
    sc[sc == 0] = 1
    q = np.clip(np.round(x / (d[:, None] * sc)[..., None]), -32, 31) + 32
    q = q.astype(np.uint8).reshape(-1, 2, 4, 32)  # halves of 128, four runs of 32 each
    low = np.concatenate([(q[:, :, 0] & 15) | ((q[:, :, 2] & 15) << 4), (q[:, :, 1] & 15) | ((q[:, :, 3] & 15) << 4)], 2)
    high = ((q >> 4) << np.array([0, 2, 4, 6], np.uint8)[:, None]).sum(2, dtype=np.uint8)
    blocks = [low.reshape(-1, 128), high.reshape(-1, 64), sc.view(np.uint8).reshape(-1, 16), d_bytes]
    return np.concatenate(blocks, axis=1).reshape(w.shape[0], -1)


def encode(w: np.ndarray, kind: T) -> np.ndarray:
    if kind is T.Q4_K:
        return encode_q4_k_or_q5_k(w, 4)
    if kind is T.Q5_K:
        return encode_q4_k_or_q5_k(w, 5)
    return encode_q6_k(w) if kind is T.Q6_K else quantize(w, kind)


# --- the tokenizer: bytes, a few merges, the special tokens of Llama 3 ------------------------------------------------

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
MERGES = (
    "Ġ t|h e|i n|r e|Ġ a|Ġt he|o n|e r|Ġ s|a t|Ġ w|o u|n d|i t|Ġ o|e n|e s|Ġ b|Ġ c|a n|o r|in g|Ġa nd|l l|Ġ m|a l|"
    "Ġo f|Ġt o|e d|Ġ f|a m|l o|h i|Ġ ll|Ġll am|Ġllam a"
).split("|")
SPECIALS = ["begin_of_text", "end_of_text", "finetune_right_pad_id", "start_header_id", "end_header_id"]
SPECIALS = [f"<|{name}|>" for name in [*SPECIALS, "eom_id", "eot_id", "python_tag"]]
CHAT_TEMPLATE = (
    "{{- bos_token }}{%- for message in messages %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'"
    " + message['content'] | trim + '<|eot_id|>' }}{%- endfor %}{%- if add_generation_prompt %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %}"
)


def byte_alphabet() -> list[str]:
    """GPT-2's 256 stand-in characters, in its order: printable bytes first."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(b) for b in shown] + [chr(256 + i) for i in range(256 - len(shown))]


def vocabulary() -> tuple[list[str], list[str]]:
    tokens = [*byte_alphabet(), *(merge.replace(" ", "") for merge in MERGES), *SPECIALS]
    assert len(tokens) == len(set(tokens)) == VOCAB
    return tokens, MERGES


# --- files ---------------------------------------------------------------------------------------------------------


def interleave(w: np.ndarray, heads: int) -> np.ndarray:
    """Half-split rotary rows of Hugging Face to the neighbouring pairs of GGUF."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def rope_divisors(head_dim: int, factor: float = 32.0) -> np.ndarray:
    wavelength = 2 * np.pi * THETA ** (np.arange(0, head_dim, 2) / head_dim)
    low, high, original = (ROPE[k] for k in ("low_freq_factor", "high_freq_factor", "original_max_position_embeddings"))
    blend = np.clip((original / wavelength - low) / (high - low), 0, 1)
    return (1 / ((1 - blend) / factor + blend)).astype(np.float32)


GGUF_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def gguf_name(name: str) -> str:
    stem = name.removesuffix(".weight")
    if not stem.startswith("model.layers."):
        return GGUF_NAMES[stem] + ".weight"
    _, _, layer, rest = stem.split(".", 3)
    return f"blk.{layer}.{GGUF_NAMES[rest]}.weight"


def write_gguf(path: Path, case: Case, matrices: dict[str, tuple[np.ndarray, T]]) -> None:
    s = case.shape
    w = gguf.GGUFWriter(path, "llama")
    w.add_name(f"tiny random llama, {case.name}")
    w.add_block_count(s.layers)
    w.add_context_length(CONTEXT)
    w.add_embedding_length(s.hidden)
    w.add_feed_forward_length(s.ffn)
    w.add_head_count(s.heads)
    w.add_head_count_kv(s.kv_heads)
    w.add_key_length(s.head_dim)
    w.add_value_length(s.head_dim)
    w.add_layer_norm_rms_eps(EPS)
    w.add_rope_freq_base(THETA)
    w.add_rope_dimension_count(s.head_dim)
    w.add_vocab_size(VOCAB)
    w.add_quantization_version(gguf.GGML_QUANT_VERSION)

    tokens, merges = vocabulary()
    kinds = [gguf.TokenType.CONTROL if t.startswith("<|") else gguf.TokenType.NORMAL for t in tokens]
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("llama-bpe")
    w.add_token_list(tokens)
    w.add_token_types(kinds)
    w.add_token_merges(merges)
    w.add_bos_token_id(tokens.index("<|begin_of_text|>"))
    w.add_eos_token_id(tokens.index("<|eot_id|>"))
    w.add_add_bos_token(True)
    w.add_chat_template(CHAT_TEMPLATE)

    w.add_tensor("rope_freqs.weight", rope_divisors(s.head_dim))
    for name, (data, kind) in matrices.items():
        w.add_tensor(gguf_name(name), data, raw_dtype=kind)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def stored(case: Case) -> tuple[dict[str, tuple[np.ndarray, T]], dict[str, np.ndarray]]:
    """What the GGUF file holds, and what those bytes mean, back in Hugging Face's layout."""
    s = case.shape
    matrices, meaning = {}, {}
    for name, w in random_weights(s, case.tied).items():
        heads = s.heads if "q_proj" in name else s.kv_heads if "k_proj" in name else None
        kind = T.F32 if w.ndim == 1 else case.embedding if case.embedding and "embed" in name else case.type
        data = encode(interleave(w, heads) if heads else w, kind)
        back = dequantize(data, kind).reshape(w.shape)
        error = np.sqrt(np.mean((back - (interleave(w, heads) if heads else w)) ** 2)) / np.std(w)
        assert error < 0.12, (name, kind, error)  # 4-bit formats err by a tenth of the spread at most

        matrices[name] = (data, kind)
        # Rows go back the way they came: the inverse of `interleave` swaps the same two axes.
        meaning[name] = (
            back.reshape(heads, s.head_dim // 2, 2, -1).swapaxes(1, 2).reshape(w.shape) if heads else back
        )
    return matrices, meaning


def write_hf(case: Case, meaning: dict[str, np.ndarray]) -> None:
    """A checkpoint directory as Hugging Face has them for Llama 3.2: bf16, half-split rows, scaling in config.json."""
    folder, s = OUT / "hf", case.shape
    folder.mkdir(exist_ok=True)
    save_file(
        {name: torch.from_numpy(w).to(torch.bfloat16).contiguous() for name, w in meaning.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    tokens, merges = vocabulary()
    config = {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "bos_token_id": tokens.index("<|begin_of_text|>"),
        "eos_token_id": [tokens.index(f"<|{t}|>") for t in ("end_of_text", "eom_id", "eot_id")],
        "head_dim": s.head_dim,
        "hidden_act": "silu",
        "hidden_size": s.hidden,
        "intermediate_size": s.ffn,
        "max_position_embeddings": CONTEXT,
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": s.heads,
        "num_hidden_layers": s.layers,
        "num_key_value_heads": s.kv_heads,
        "rms_norm_eps": EPS,
        "rope_scaling": {**ROPE, "rope_type": "llama3"},
        "rope_theta": THETA,
        "tie_word_embeddings": case.tied,
        "torch_dtype": "bfloat16",
        "vocab_size": VOCAB,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")

    plain = {t: i for i, t in enumerate(tokens) if not t.startswith("<|")}
    bpe = models.BPE(vocab=plain, merges=[tuple(m.split(" ")) for m in merges], ignore_merges=True)
    tokenizer = Tokenizer(bpe)
    split = pre_tokenizers.Split(Regex(PATTERN), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([t for t in tokens if t.startswith("<|")])
    assert [tokenizer.token_to_id(t) for t in tokens] == list(range(VOCAB))
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>", "chat_template": CHAT_TEMPLATE}
    (folder / "tokenizer_config.json").write_text(json.dumps(special, indent=2) + "\n")


# --- the oracle ----------------------------------------------------------------------------------------------------


def oracle(shape: Shape, tied: bool, meaning: dict[str, np.ndarray], scaling: dict | None = None) -> LlamaForCausalLM:
    """transformers' own Llama in f64 (its norms, softmax and angles stay f32), with these weights."""
    config = LlamaConfig(
        vocab_size=VOCAB,
        hidden_size=shape.hidden,
        intermediate_size=shape.ffn,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        rms_norm_eps=EPS,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=tied,
        rope_parameters=scaling or {"rope_type": "llama3", "rope_theta": THETA, **ROPE},
        attn_implementation="eager",
    )
    model = LlamaForCausalLM(config).to(torch.float64).eval()
    missing, unexpected = model.load_state_dict({k: torch.from_numpy(v).double() for k, v in meaning.items()}, strict=False)
    assert not unexpected and set(missing) <= ({"lm_head.weight"} if tied else set()), (missing, unexpected)
    return model


def logits(model: LlamaForCausalLM, ids: np.ndarray, rows: list[int], chunk: int = 600) -> np.ndarray:
    """Logits of some positions. A long prompt goes through the cache in chunks, to keep the T × T scores small."""
    kept, cache, wanted = [], None, set(rows)
    with torch.no_grad():
        for start in range(0, len(ids), chunk):
            piece = torch.tensor(ids[start : start + chunk].astype(np.int64))[None]
            out = model(piece, past_key_values=cache, use_cache=True)
            cache = out.past_key_values
            kept += [out.logits[0, p - start].numpy() for p in range(start, start + piece.shape[1]) if p in wanted]
    return np.stack(kept).astype(np.float32)


def mean_state(model: LlamaForCausalLM, ids: np.ndarray) -> np.ndarray:
    """The mean of `last_hidden_state`, which is after the last norm, over all positions."""
    with torch.no_grad():
        out = model.model(torch.tensor(ids.astype(np.int64))[None])
    return out.last_hidden_state[0].mean(0).numpy().astype(np.float32)


def planted_bugs(meaning: dict[str, np.ndarray], short: np.ndarray, long: np.ndarray) -> dict[str, dict[str, float]]:
    """The largest change of any kept logit that each bug makes, on the short and on the long prompt."""
    default = {"rope_type": "llama3", "rope_theta": THETA, **ROPE}
    unpermuted = {}
    for name, w in meaning.items():
        heads = SMALL.heads if "q_proj" in name else SMALL.kv_heads if "k_proj" in name else None
        unpermuted[name] = interleave(w, heads) if heads else w  # GGUF's rows rotated as if they were half-split

    bugs = {
        "factor 8 instead of 32": (meaning, {**default, "factor": 8.0}),
        "no rope_freqs": (meaning, {"rope_type": "default", "rope_theta": THETA}),
        "q and k not permuted": (unpermuted, default),
    }
    right = oracle(SMALL, True, meaning)
    truth = {"short": logits(right, short, SHORT), "long": logits(right, long, LONG)}
    report = {}
    for bug, (weights, scaling) in bugs.items():
        wrong = oracle(SMALL, True, weights, scaling)
        report[bug] = {
            "short": float(np.abs(logits(wrong, short, SHORT) - truth["short"]).max()),
            "long": float(np.abs(logits(wrong, long, LONG) - truth["long"]).max()),
        }
    return report


def text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def main() -> None:
    OUT.mkdir(exist_ok=True)
    rng = np.random.default_rng(7)
    short = rng.integers(0, VOCAB, 24)
    long = rng.integers(0, VOCAB, LONG[-1] + 1)
    golden = {
        "provenance": {
            "oracle": "transformers LlamaForCausalLM, float64, eager attention, CPU",
            "versions": {
                "transformers": transformers.__version__,
                "torch": torch.__version__,
                "gguf": version("gguf"),
                "numpy": np.__version__,
            },
            "command": "python tests/golden/make_tiny_llama.py",
            "encoding": "logits: base64 of little-endian f32, (positions, vocab), meanState likewise, (hidden); long ids: base64 of little-endian u16",
        },
        "vocab": VOCAB,
        "short": {"ids": short.tolist(), "positions": SHORT},
        "long": {"ids": text(long.astype("<u2")), "positions": LONG},
        "cases": {},
    }
    for case in CASES:
        matrices, meaning = stored(case)
        write_gguf(OUT / f"{case.name}.gguf", case, matrices)
        model = oracle(case.shape, case.tied, meaning)
        rows = logits(model, short, SHORT)
        entry = {"file": f"{case.name}.gguf", "tied": case.tied, "logits": text(rows.astype("<f4"))}
        entry["meanState"] = text(mean_state(model, short).astype("<f4"))
        print(f"{case.name:5} {(OUT / entry['file']).stat().st_size:9,} bytes, logits std {rows.std():.2f} max {rows.max():.2f}")

        if case.type is T.F32:
            entry["longLogits"] = text(logits(model, long, LONG).astype("<f4"))
            golden["plantedBugs"] = planted_bugs(meaning, short, long)
        if case.type is T.BF16:
            write_hf(case, meaning)
            again = LlamaForCausalLM.from_pretrained(OUT / "hf", dtype=torch.float64, attn_implementation="eager")
            difference = float(np.abs(logits(again, short, SHORT) - rows).max())
            assert difference < 1e-5, difference
            entry["hf"] = "hf"
        golden["cases"][case.name] = entry
    for bug, change in golden["plantedBugs"].items():
        print(f"{bug:24} short {change['short']:.3f}  long {change['long']:.3f}")
    (OUT / "logits.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
