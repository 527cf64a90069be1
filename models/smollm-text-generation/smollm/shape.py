"""SmolLM-135M's published shape, and the tokens that begin and end a message (HuggingFaceTB/SmolLM-135M-Instruct)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

VOCABULARY = 49152
"""Tokens."""

START, END, PAD = 1, 2, 2
"""The tokens that begin and end a message."""


@dataclass(frozen=True)
class Shape:
    """The shape of a Llama model. Fewer layers make it smaller and quicker, for tests."""

    layers: int = 30
    hidden: int = 576
    intermediate: int = 1536
    heads: int = 9
    key_value_heads: int = 3
    context: int = 2048
    spread: float = 0.02
    """Standard deviation of the numbers."""

    def config(self) -> dict[str, Any]:
        """config.json."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "attention_bias": False,
            "attention_dropout": 0.0,
            "bos_token_id": START,
            "eos_token_id": END,
            "pad_token_id": PAD,
            "hidden_act": "silu",
            "hidden_size": self.hidden,
            "initializer_range": self.spread,
            "intermediate_size": self.intermediate,
            "max_position_embeddings": self.context,
            "num_attention_heads": self.heads,
            "num_hidden_layers": self.layers,
            "num_key_value_heads": self.key_value_heads,
            "rms_norm_eps": 1e-05,
            "rope_theta": 10000.0,
            "tie_word_embeddings": True,
            "torch_dtype": "bfloat16",
            "vocab_size": VOCABULARY,
        }

    def tensors(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Return each tensor's name and dimensions; those of one dimension are norms. The output layer is the embedding."""
        key_value = self.hidden // self.heads * self.key_value_heads
        yield "model.embed_tokens.weight", (VOCABULARY, self.hidden)
        for layer in range(self.layers):
            of = f"model.layers.{layer}"
            yield f"{of}.input_layernorm.weight", (self.hidden,)
            yield f"{of}.self_attn.q_proj.weight", (self.hidden, self.hidden)
            yield f"{of}.self_attn.k_proj.weight", (key_value, self.hidden)
            yield f"{of}.self_attn.v_proj.weight", (key_value, self.hidden)
            yield f"{of}.self_attn.o_proj.weight", (self.hidden, self.hidden)
            yield f"{of}.post_attention_layernorm.weight", (self.hidden,)
            yield f"{of}.mlp.gate_proj.weight", (self.intermediate, self.hidden)
            yield f"{of}.mlp.up_proj.weight", (self.intermediate, self.hidden)
            yield f"{of}.mlp.down_proj.weight", (self.hidden, self.intermediate)
        yield "model.norm.weight", (self.hidden,)
