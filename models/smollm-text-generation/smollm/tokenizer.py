"""A tokenizer that needs no download: byte-level BPE like SmolLM's, learned from the English text in every Python.

Only a sixth of the vocabulary is learned. The rest are words that no text contains, so that every token that a random model picks
has a text: a token without a text would be missing from a stream.
"""

from __future__ import annotations

import json
from pathlib import Path
from pydoc_data.topics import topics

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .shape import END, PAD, START, VOCABULARY

LEARNED = 8192
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def write(folder: Path, context: int) -> None:
    """tokenizer.json and tokenizer_config.json; `context` is how many tokens the model takes."""
    (folder / "tokenizer.json").write_text(_padded(_learned()).to_str(pretty=True))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context,
        "bos_token": SPECIAL[START],
        "eos_token": SPECIAL[END],
        "pad_token": SPECIAL[PAD],
        "unk_token": SPECIAL[0],
        "chat_template": CHAT,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def _learned() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=LEARNED,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(topics.values(), trainer)
    return tokenizer


def _padded(tokenizer: Tokenizer) -> Tokenizer:
    content = json.loads(tokenizer.to_str())
    vocabulary = content["model"]["vocab"]
    # The first character is how byte-level BPE writes a space.
    vocabulary |= {f"Ġw{number}": number for number in range(len(vocabulary), VOCABULARY)}
    return Tokenizer.from_str(json.dumps(content))
