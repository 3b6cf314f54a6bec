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
"$CLINEAR_BUILD/tests/helper.write_model" "$folder/floats.safetensors" 10 7
"$CLINEAR_BUILD/tests/helper.write_model" "$folder/doubles.safetensors" 10 7 F64

"$python" - "$folder/floats.safetensors" "$folder/doubles.safetensors" <<'EOF'
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
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(bytearray(data[8 + length + begin:8 + length + end]), dtype={"F32": torch.float32, "F64": torch.float64}[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors

try:
    from safetensors.torch import load_file
except ImportError:
    pass

c, j = torch.arange(10.0, dtype=torch.float64), torch.arange(7.0, dtype=torch.float64)
weight, bias = c[:, None] - j[None, :] / 8, -c / 2
for path, dtype in zip(sys.argv[1:], (torch.float32, torch.float64), strict=True):
    tensors = load_file(path)
    assert all(values.dtype == dtype for values in tensors.values())
    for layer in (torch.nn.Linear(7, 10), torch.nn.Linear(7, 10, dtype=torch.float64)):
        layer.load_state_dict(tensors)  # strict: no name more, none less, and the same shapes
        assert torch.equal(layer.weight.double(), weight)
        assert torch.equal(layer.bias.double(), bias)
        x = torch.linspace(-1, 1, 21).reshape(3, 7)
        expected = x.double() @ weight.T + bias
        assert torch.allclose(layer(x.to(layer.weight.dtype)).double(), expected, atol=1e-5, rtol=0)
print("nn.Linear gives the model's logits")
EOF
