"""The options of vLLM in a stack file, and the command line that follows from them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server_entries import arguments, mistakes, model, vllm

OPTIONS: list[tuple[str, Any, list[str]]] = [
    ("maxModelLen", 2048, ["--max-model-len=2048"]),
    ("maxNumSeqs", 64, ["--max-num-seqs=64"]),
    ("maxNumBatchedTokens", 8192, ["--max-num-batched-tokens=8192"]),
    ("gpuMemoryUtilization", 0.5, ["--gpu-memory-utilization=0.5"]),
    ("weightsGib", 1.5, []),
    ("dtype", "float16", ["--dtype=float16"]),
    ("quantization", "awq", ["--quantization=awq"]),
    ("kvCacheDtype", "fp8", ["--kv-cache-dtype=fp8"]),
    ("prefixCaching", True, ["--enable-prefix-caching"]),
    ("prefixCaching", False, ["--no-enable-prefix-caching"]),
    ("speculative", {"method": "ngram"}, ['--speculative-config={"method": "ngram"}']),
    ("tensorParallel", 2, ["--tensor-parallel-size=2"]),
    ("toolCalling", "hermes", ["--enable-auto-tool-choice", "--tool-call-parser=hermes"]),
    ("chatTemplate", "/mnt/models/chat.jinja", ["--chat-template=/mnt/models/chat.jinja"]),
    ("extraArgs", ["--enable-chunked-prefill", "--seed=7"], ["--enable-chunked-prefill", "--seed=7"]),
]


@pytest.mark.parametrize(("key", "value", "flags"), OPTIONS)
def test_each_option_of_vllm_is_one_flag(key: str, value: Any, flags: list[str]) -> None:  # noqa: ANN401 - any YAML
    plain = arguments()
    assert sorted(set(arguments(**{key: value})) - set(plain)) == flags
    names = [argument.partition("=")[0] for argument in arguments(**{key: value})]
    assert len(names) == len(set(names)), "a flag stands twice"


def test_every_option_is_tried() -> None:
    server = model("llm", vllm()).entry.server
    keys = {field.alias for field in type(server).model_fields.values()}
    assert keys == {"kind", "image", "sharedMemory", "weightsGib", *(key for key, _, _ in OPTIONS)}


def test_vllm_alone_says_where_and_as_what_it_serves() -> None:
    assert arguments() == [
        "--model=/mnt/models",
        "--port=8080",
        "--served-model-name=llm",
        "--shutdown-timeout=45",
        "--gpu-memory-utilization=0.9",
    ]


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--max_model_len=4096", "--max-model-len is set by maxModelLen; write it there"),
        ("--max-model-len", "--max-model-len is set by maxModelLen; write it there"),
        # vLLM takes the beginning of a flag for the flag, as argparse does.
        ("--max-model=4096", "--max-model-len is set by maxModelLen; write it there"),
        ("--tensor-parallel-size=2", "--tensor-parallel-size is set by tensorParallel; write it there"),
        ("--no-enable-prefix-caching", "--enable-prefix-caching is set by prefixCaching; write it there"),
        ("--speculative-config.method=ngram", "--speculative-config is set by speculative; write it there"),
        ("--speculative_config={}", "--speculative-config is set by speculative; write it there"),
        ("--api-key=secret", "--api-key is set by the platform"),
        ("--port=9000", "--port is set by the platform"),
        ("--served-model-name=other", "--served-model-name is set by the platform"),
        ("--uds=/tmp/socket", "--uds is set by the platform"),
        ("--config=/mnt/models/x.yaml", "--config would set any other flag unseen; write the flags themselves"),
        ("--hf-token=hf_abc", "--hf-token would show a secret to everybody who may see the pod"),
        ("--headless", "--headless leaves no server that answers"),
        ("--ssl-keyfile=/mnt/models/key", "--ssl-keyfile makes it speak HTTPS, but gateway and probes ask it over HTTP"),
        (
            "--pipeline-parallel-size=2",
            "--pipeline-parallel-size needs GPUs or pods that no replica has; server.tensorParallel gives it more GPUs",
        ),
    ],
)
def test_an_argument_that_contradicts_a_typed_one_is_refused(argument: str, words: str) -> None:
    assert mistakes({"llm": vllm(extraArgs=[argument])}) == [f".llm.server: extraArgs: {words}"]


@pytest.mark.parametrize("argument", ["--tensor-parallel-size 2", "--port 9000", "-tp=2", "seed=1", "--", "--seed =1", ""])
def test_an_argument_that_is_none_or_two_is_refused(argument: str) -> None:
    """The whole text would reach vLLM as one argument, which it does not know."""
    assert mistakes({"llm": vllm(extraArgs=["--seed=1", argument])}) == [
        f'.llm.server.extraArgs[1]: "{argument}" is not one argument; write --flag or --flag=value'
    ]


@pytest.mark.parametrize("method", ["awq", "gptq", "fp8"])
def test_quantised_weights_and_32_bits_do_not_start(method: str) -> None:
    wrong = f"dtype float32: quantization {method} takes 16 bits; set float16 or bfloat16, or leave dtype out"
    assert mistakes({"llm": vllm(quantization=method, dtype="float32")}) == [f".llm.server: {wrong}"]
    assert "--dtype=float16" in arguments(quantization=method, dtype="float16")
    assert "--dtype=float32" in arguments(quantization="bitsandbytes", dtype="float32")


def test_a_batch_holds_a_token_of_each_request() -> None:
    assert mistakes({"llm": vllm(maxNumSeqs=64, maxNumBatchedTokens=63)}) == [
        ".llm.server: maxNumBatchedTokens 63 is less than maxNumSeqs 64: each request of a batch needs a token"
    ]
    assert "--max-num-batched-tokens=64" in arguments(maxNumSeqs=64, maxNumBatchedTokens=64)


@pytest.mark.parametrize("template", ["", "/etc/passwd", "template.jinja", "{{ a }}\n{{ b }}"])
def test_a_chat_template_that_vllm_could_not_read_is_refused(template: str) -> None:
    (line,) = mistakes({"llm": vllm(chatTemplate=template)})
    assert line.endswith("is neither a path below /mnt/models nor a Jinja template on one line")


@pytest.mark.parametrize("template", ["/mnt/models/chat.jinja", "{% for message in messages %}{{ message.content }}{% endfor %}"])
def test_a_chat_template_is_a_path_or_the_template(template: str) -> None:
    assert f"--chat-template={template}" in arguments(chatTemplate=template)


def test_a_value_may_have_blanks() -> None:
    assert '--override-generation-config={"top_p": 0.9}' in arguments(extraArgs=['--override-generation-config={"top_p": 0.9}'])


def test_vllm_keeps_a_connection_longer_than_the_gateway_does() -> None:
    environment = {item["name"]: item["value"] for item in model("llm", vllm()).entry.server.container("llm")["env"]}
    hour = 3600  # Envoy's idle_timeout
    assert int(environment["VLLM_HTTP_TIMEOUT_KEEP_ALIVE"]) > hour


def test_several_gpus_are_requested_for_one_replica() -> None:
    assert model("llm", vllm(tensorParallel=4)).entry.server.gpu_count == 4
    assert mistakes({"llm": {**vllm(), "gpus": 2}}) == [".llm.gpus: this key is now server.tensorParallel (vllm), or server.gpus (custom)"]


def test_shared_memory_is_a_volume_of_its_own_size() -> None:
    volumes = {volume["name"]: volume["emptyDir"] for volume in model("llm", vllm(sharedMemory="2Gi")).entry.server.volumes()}
    assert volumes == {"tmp": {}, "shm": {"medium": "Memory", "sizeLimit": "2Gi"}}
