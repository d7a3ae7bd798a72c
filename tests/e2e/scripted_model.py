"""A model file that says what it is told to: for tests in which a real engine must write a particular text."""
import math
import struct

UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6
WIDTH = 32
SURE = 50.0  # logit of what the script says next; everything else has 0


def _string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(kind, value):
    if kind == STRING:
        return _string(value)
    return struct.pack({UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind], value)


def _entry(key, kind, value):
    head = _string(key)
    if not isinstance(value, list):
        return head + struct.pack("<I", kind) + _value(kind, value)
    return head + struct.pack("<IIQ", ARRAY, kind, len(value)) + b"".join(_value(kind, v) for v in value)


def write_model(path, script):
    """Writes a GGUF file of the llama architecture to `path`.

    `script` is a list of (part, replies): the first pair whose part stands in the last message decides ("" always does),
    and one of its replies is drawn; `replies` is a dict from text to weight. Every reply is one token of the vocabulary
    and no two may be equal. How it works: attention and feed-forward weights are zero, so the next token depends on the
    last one alone; the chat template ends with a control token that stands for the pair, and each pair has a dimension
    of the embedding to itself. Dimension 0 means that the turn ends.
    """
    tokens = [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)]
    tokens += [(f"<0x{i:02X}>", BYTE) for i in range(256)]
    embedding = [[0.0] * WIDTH for _ in tokens]
    output = [[0.0] * WIDTH for _ in tokens]
    for row in embedding:
        row[0] = 1.0
    output[2][0] = SURE / math.sqrt(WIDTH)  # the norm makes a one of the embedding the root of its width

    template = "{% for m in messages %}{{ m['content'] }}\n{% endfor %}{% set last = messages[-1]['content'] %}"
    for i, (part, replies) in enumerate(script):
        begin = f"<|script {i}|>"
        template += f"{{% {'elif' if i else 'if'} '{part}' in last %}}{begin}"
        tokens.append((begin, CONTROL))
        embedding.append([float(d == i + 1) for d in range(WIDTH)])
        output.append([0.0] * WIDTH)
        for text, weight in replies.items():
            tokens.append((text, USER_DEFINED))
            embedding.append([float(d == 0) for d in range(WIDTH)])
            output.append([(SURE + math.log(weight)) / math.sqrt(WIDTH) if d == i + 1 else 0.0 for d in range(WIDTH)])
    template += "{% endif %}"

    facts = [("general.architecture", STRING, "llama"), ("general.name", STRING, "scripted"),
             ("llama.context_length", UINT32, 4096), ("llama.embedding_length", UINT32, WIDTH),
             ("llama.block_count", UINT32, 1), ("llama.feed_forward_length", UINT32, WIDTH),
             ("llama.attention.head_count", UINT32, 1), ("llama.attention.head_count_kv", UINT32, 1),
             ("llama.rope.dimension_count", UINT32, WIDTH), ("llama.attention.layer_norm_rms_epsilon", FLOAT32, 1e-6),
             ("tokenizer.ggml.model", STRING, "llama"), ("tokenizer.ggml.tokens", STRING, [t for t, _ in tokens]),
             ("tokenizer.ggml.scores", FLOAT32, [0.0] * len(tokens)),
             ("tokenizer.ggml.token_type", INT32, [kind for _, kind in tokens]),
             ("tokenizer.ggml.bos_token_id", UINT32, 1), ("tokenizer.ggml.eos_token_id", UINT32, 2),
             ("tokenizer.ggml.unknown_token_id", UINT32, 0), ("tokenizer.ggml.add_bos_token", BOOL, False),
             ("tokenizer.ggml.add_space_prefix", BOOL, False), ("tokenizer.chat_template", STRING, template)]
    square = [0.0] * (WIDTH * WIDTH)
    tensors = [("token_embd.weight", (WIDTH, len(tokens)), sum(embedding, [])),
               ("output_norm.weight", (WIDTH,), [1.0] * WIDTH),
               ("output.weight", (WIDTH, len(tokens)), sum(output, [])),
               ("blk.0.attn_norm.weight", (WIDTH,), [1.0] * WIDTH), ("blk.0.ffn_norm.weight", (WIDTH,), [1.0] * WIDTH)]
    tensors += [(f"blk.0.{name}.weight", (WIDTH, WIDTH), square)
                for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")]

    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts)) + b"".join(_entry(*fact) for fact in facts)
    data = b""
    for name, shape, values in tensors:
        header += _string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
        data += struct.pack(f"<{len(values)}f", *values)
        data += b"\0" * (-len(data) % 32)
    path.write_bytes(header + b"\0" * (-len(header) % 32) + data)
    return path
