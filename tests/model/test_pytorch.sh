#!/usr/bin/env bash
# PyTorch's nn.Linear loads a model file as it is, and gives the logits.
set -euo pipefail

python=/usr/bin/python3
if ! "$python" -c 'import torch' 2>/dev/null; then
    echo "skipped: $python has no torch (Debian's package python3-torch)"
    exit 77
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$CLINEAR_BUILD/tests/helper.write_model" "$folder/m.safetensors" 10 7

"$python" - "$folder/m.safetensors" <<'EOF'
import json, struct, sys
import torch

def load_file(path):
    """What safetensors.torch.load_file does, for machines without that package."""
    with open(path, "rb") as file:
        data = file.read()
    length, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    assert header.pop("__metadata__")["format"] == "pt"
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", entry
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(bytearray(data[8 + length + begin:8 + length + end]), dtype=torch.float32)
        tensors[name] = values.reshape(entry["shape"])
    return tensors

try:
    from safetensors.torch import load_file
except ImportError:
    pass

layer = torch.nn.Linear(7, 10)
layer.load_state_dict(load_file(sys.argv[1]))  # strict: no name more, none less, and the same shapes

c, j = torch.arange(10.0), torch.arange(7.0)
assert torch.equal(layer.weight, c[:, None] - j[None, :] / 8)
assert torch.equal(layer.bias, -c / 2)
x = torch.linspace(-1, 1, 21).reshape(3, 7)
expected = x.double() @ (c[:, None] - j[None, :] / 8).double().T - c.double() / 2
assert torch.allclose(layer(x).double(), expected, atol=1e-5, rtol=0)
print("nn.Linear gives the model's logits")
EOF
